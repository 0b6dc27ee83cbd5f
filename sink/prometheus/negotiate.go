package prometheus

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// form is how a page is written.
type form int

const (
	textForm form = iota
	openForm
	protoForm
)

// The types of content.
const (
	textType  = "text/plain; version=0.0.4; charset=utf-8"
	openType  = "application/openmetrics-text; version=1.0.0; charset=utf-8"
	protoType = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
)

// negotiate returns the form that the client likes best, of equals the first; text where it has nothing to say that we understand.
func negotiate(h http.Header) (f form, contentType string) {
	contentType = textType
	best := 0.0
	for _, header := range h.Values("Accept") {
		for part := range strings.SplitSeq(header, ",") {
			media, params, err := mime.ParseMediaType(part)
			if err != nil {
				continue
			}
			q := quality(params)
			if q <= best {
				continue
			}
			switch media {
			case "application/vnd.google.protobuf":
				if params["proto"] == "io.prometheus.client.MetricFamily" && params["encoding"] == "delimited" {
					f, contentType, best = protoForm, protoType, q
				}
			case "application/openmetrics-text":
				switch version := params["version"]; version {
				case "", "1.0.0", "0.0.1":
					f, contentType, best = openForm, openType, q
					if version == "0.0.1" {
						contentType = strings.Replace(openType, "1.0.0", version, 1)
					}
				}
			case "text/plain":
				if version := params["version"]; version == "" || version == "0.0.4" {
					f, contentType, best = textForm, textType, q
				}
			case "text/*", "*/*":
				f, contentType, best = textForm, textType, q
			}
		}
	}
	return f, contentType
}

func quality(params map[string]string) float64 {
	text, ok := params["q"]
	if !ok {
		return 1
	}
	q, err := strconv.ParseFloat(text, 64)
	if err != nil || !(q >= 0 && q <= 1) {
		return 0
	}
	return q
}

// takesGzip reports whether the client understands gzip.
func takesGzip(h http.Header) bool {
	star := false
	for _, header := range h.Values("Accept-Encoding") {
		for part := range strings.SplitSeq(header, ",") {
			coding, params, err := mime.ParseMediaType(strings.ToLower(part))
			if err != nil {
				continue
			}
			switch coding {
			case "gzip", "x-gzip":
				return quality(params) > 0
			case "*":
				star = quality(params) > 0
			}
		}
	}
	return star
}
