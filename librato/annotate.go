package librato

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/zibrato/zibrato/internal/post"
)

// maxTitle bounds a title, and any other text of an annotation, in characters. The service's documents name no limit.
const maxTitle = 1024

// Annotation is an event that the service draws into the graphs of a stream: a deploy, an outage.
type Annotation struct {
	Stream      string    // which, as deploys: 1 to 255 of A-Z a-z 0-9 . : - _; the service makes it if it is not there. Required
	Title       string    // what happened, up to 1,024 characters. Required
	Source      string    // where, of the same characters as Stream; "": not said
	Description string    // the details, up to 1,024 characters
	Start       time.Time // when it happened or began, in whole seconds; zero: the service's own now
	End         time.Time // when it ended; zero: not yet, or it took no time
	Links       []Link    // each with another Rel
}

// Link leads from an annotation to elsewhere.
type Link struct {
	Rel   string // what it leads to, in a word, as github. Required
	Href  string // an http or https URL. Required
	Label string // the text to click; "": left to the service
}

// Annotate tells the service of an event and returns its id there, by which [EndAnnotation] knows it. Of cfg only the fields up to
// PlainHTTP, Timeout, Gzip and Client count. It is one request: where there was no answer, the service may have taken it all the
// same, and a second one would make a second event. Errors name what is wrong and hold no credentials.
//
// https://github.com/librato/api-docs describes annotations.
func Annotate(ctx context.Context, cfg Config, a Annotation) (id int64, err error) {
	if err := cfg.Validate(); err != nil {
		return 0, err
	}
	if err := a.validate(); err != nil {
		return 0, fmt.Errorf("librato: annotation: %w", err)
	}
	c := annotationClient(cfg, http.MethodPost, a.Stream)
	defer c.Close()
	r, err := tell(ctx, c, event{Title: a.Title, Source: a.Source, Description: a.Description, Start: seconds(a.Start), End: seconds(a.End), Links: links(a.Links)})
	if err != nil {
		return 0, err
	}
	return r.id()
}

// EndAnnotation tells the service when an event ended that had begun, in whole seconds.
func EndAnnotation(ctx context.Context, cfg Config, stream string, id int64, end time.Time) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	switch {
	case legal(stream, maxName, "") != stream:
		return fmt.Errorf("librato: annotation: Stream: %q: %w", stream, errName)
	case id <= 0:
		return fmt.Errorf("librato: annotation: id: %d: want what Annotate returned", id)
	case end.IsZero():
		return errors.New("librato: annotation: End: missing")
	}
	c := annotationClient(cfg, http.MethodPut, stream, strconv.FormatInt(id, 10))
	defer c.Close()
	_, err := tell(ctx, c, event{End: seconds(end)})
	return err
}

var errName = fmt.Errorf("want 1 to %d of A-Z a-z 0-9 . : - _", maxName)

func (a *Annotation) validate() error {
	switch {
	case legal(a.Stream, maxName, "") != a.Stream:
		return fmt.Errorf("Stream: %q: %w", a.Stream, errName)
	case a.Title == "":
		return errors.New("Title: missing")
	case a.Source != "" && legal(a.Source, maxName, "") != a.Source:
		return fmt.Errorf("Source: %q: %w", a.Source, errName)
	case !a.End.IsZero() && !a.Start.IsZero() && a.End.Before(a.Start):
		return fmt.Errorf("End: %s is before Start: %s", a.End.Format(time.RFC3339), a.Start.Format(time.RFC3339))
	}
	for field, text := range map[string]string{"Title": a.Title, "Description": a.Description} {
		if utf8.RuneCountInString(text) > maxTitle || !utf8.ValidString(text) {
			return fmt.Errorf("%s: want up to %d characters of UTF-8", field, maxTitle)
		}
	}
	seen := map[string]bool{}
	for _, l := range a.Links {
		u, err := url.Parse(l.Href)
		switch {
		case l.Rel == "" || seen[l.Rel]:
			return fmt.Errorf("Links: Rel: %q: want each link to have one, and another", l.Rel)
		case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
			return fmt.Errorf("Links: %s: Href: want an http or https URL", l.Rel)
		}
		seen[l.Rel] = true
	}
	return nil
}

// event is an annotation as the service knows it.
type event struct {
	Title       string `json:"title,omitempty"`
	Source      string `json:"source,omitempty"`
	Description string `json:"description,omitempty"`
	Start       int64  `json:"start_time,omitempty"`
	End         int64  `json:"end_time,omitempty"`
	Links       []link `json:"links,omitempty"`
}

type link struct {
	Rel   string `json:"rel"`
	Href  string `json:"href"`
	Label string `json:"label,omitempty"`
}

func links(from []Link) (to []link) {
	for _, l := range from {
		to = append(to, link(l))
	}
	return to
}

// seconds is a time as the service has them; 0 is none.
func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// annotationClient makes a client for one request about a stream, or something in it.
func annotationClient(cfg Config, method, stream string, below ...string) *post.Client {
	e, _ := cfg.endpoint()
	req := requests(cfg)
	req.Method = method
	req.URL = e.root + "/annotations/" + url.PathEscape(stream)
	for _, b := range below {
		req.URL += "/" + url.PathEscape(b)
	}
	req.Shown = req.URL
	return post.New(req)
}

// tell sends an event and returns a reply of success.
func tell(ctx context.Context, c *post.Client, e event) (reply, error) {
	body, err := json.Marshal(e)
	if err != nil {
		return reply{}, fmt.Errorf("librato: annotation: %w", err)
	}
	got, err := c.Send(ctx, body)
	if err != nil {
		return reply{}, err
	}
	r := reply{got}
	switch {
	case r.unfit():
		return reply{}, fmt.Errorf("librato: %s: the service refuses the annotation: %s", c.Status(r.Reply), c.Saying(r.message()))
	case !r.taken():
		return reply{}, r.failure(c)
	}
	return r, nil
}

// id is that of the event that a reply speaks of: in the body, or at the end of where it is.
func (r reply) id() (int64, error) {
	var body struct{ ID int64 }
	if json.Unmarshal(r.Body, &body) == nil && body.ID > 0 {
		return body.ID, nil
	}
	if u, err := url.Parse(r.Header.Get("Location")); err == nil {
		if id, err := strconv.ParseInt(path.Base(u.Path), 10, 64); err == nil && id > 0 {
			return id, nil
		}
	}
	return 0, fmt.Errorf("librato: the service took the annotation, with status %d, but did not say its id", r.Status)
}
