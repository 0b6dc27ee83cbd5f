package librato

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"runtime"
	"time"

	"github.com/zibrato/zibrato/internal/post"
)

const defaultTimeout = 30 * time.Second

// requests says how those of a valid cfg are made that go to what takes measurements.
func requests(cfg Config) post.Config {
	e, _ := cfg.endpoint()
	timeout := cfg.Timeout
	if timeout == 0 {
		timeout = defaultTimeout
	}
	secrets := []string{base64.StdEncoding.EncodeToString([]byte(e.user + ":" + e.token)), e.token}
	if e.user != "token" { // the word that AppOptics takes for a user
		secrets = append(secrets, e.user)
	}
	return post.Config{
		Sink: "librato", Method: http.MethodPost, URL: e.url, Shown: e.url,
		UserAgent: userAgent, ContentType: "application/json", Gzip: cfg.Gzip, Timeout: timeout, Client: cfg.Client,
		Attach:  func(r *http.Request) { r.SetBasicAuth(e.user, e.token) },
		Scrub:   post.Scrubber(secrets...),
		Telling: func(status int) bool { return status == http.StatusAccepted },
	}
}

// userAgent follows the form that Librato's own clients have: name/version (lang; langversion; platform).
var userAgent = fmt.Sprintf("zibrato/%s (go; %s; %s-%s)", post.Version("github.com/zibrato/zibrato"), runtime.Version(), runtime.GOOS, runtime.GOARCH)
