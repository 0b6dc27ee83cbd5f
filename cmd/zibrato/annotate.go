//go:build cgo

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/zibrato/zibrato/librato"
)

type annotateCmd struct {
	account
	Source      string            `placeholder:"NAME" help:"Where it happened."`
	Description string            `placeholder:"TEXT" help:"The details."`
	Start       moment            `placeholder:"TIME" help:"When it happened or began: now, 2026-03-01T12:00:00Z or Unix seconds. By default the service's own now."`
	End         moment            `placeholder:"TIME" help:"When it ended."`
	Link        map[string]string `placeholder:"REL=URL" mapsep:"none" help:"What it leads to, as github=https://example.org/v1.2.3; may stand several times."`
	ID          int64             `name:"id" placeholder:"N" help:"End the event of this id, which an earlier call printed; by default now."`
	Timeout     time.Duration     `default:"30s" help:"How long to wait for an answer."`

	Stream string `arg:"" help:"The stream of events, as deploys. The service makes it if it is not there."`
	Title  string `arg:"" optional:"" help:"What happened. Left out with --id."`
}

func (annotateCmd) Help() string {
	return `Marks an event in the graphs of what speaks Librato's API, and prints its id. With --id it marks the end of an event
that began earlier. It is one request, which is not tried again: where there was no answer, the event may be there.

Example:

    zibrato annotate deploys "v1.2.3" --source web1 --link github=https://example.org/v1.2.3 --token-file /etc/zibrato/token
    id=$(zibrato annotate backups nightly --start now); run-backup; zibrato annotate backups --id $id

Exit status: 0 marked, 1 failure, 2 wrong usage such as a missing token.`
}

// moment is a time as a flag.
type moment struct{ time.Time }

func (m *moment) UnmarshalText(text []byte) (err error) {
	s := string(text)
	if s == "now" {
		m.Time = time.Now()
		return nil
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n > 0 {
		m.Time = time.Unix(n, 0)
		return nil
	}
	if m.Time, err = time.Parse(time.RFC3339, s); err != nil {
		return fmt.Errorf("%q: want now, a time as 2026-03-01T12:00:00Z, or Unix seconds", s)
	}
	return nil
}

func (c *annotateCmd) Run(*slog.Logger) error {
	cfg, err := c.account.config()
	if err == nil {
		cfg.Timeout = c.Timeout
		err = c.validate()
	}
	if err == nil {
		err = cfg.Validate()
	}
	if err != nil {
		return usageError{accountTerms(err)}
	}
	return unlessSignal(func(ctx context.Context) error {
		if c.ID != 0 {
			if c.End.IsZero() {
				c.End.Time = time.Now()
			}
			return annotationTerms(librato.EndAnnotation(ctx, cfg, c.Stream, c.ID, c.End.Time))
		}
		a := librato.Annotation{Stream: c.Stream, Title: c.Title, Source: c.Source, Description: c.Description, Start: c.Start.Time, End: c.End.Time}
		for _, rel := range slices.Sorted(maps.Keys(c.Link)) {
			a.Links = append(a.Links, librato.Link{Rel: rel, Href: c.Link[rel]})
		}
		id, err := librato.Annotate(ctx, cfg, a)
		if err != nil {
			return annotationTerms(err)
		}
		fmt.Println(id)
		return nil
	})
}

func (c *annotateCmd) validate() error {
	switch {
	case c.Timeout <= 0:
		return fmt.Errorf("--timeout: %v: want more than 0", c.Timeout)
	case c.ID < 0:
		return fmt.Errorf("--id: %d: want what an earlier call printed", c.ID)
	case c.ID == 0 && c.Title == "":
		return errors.New("TITLE: missing: want what happened")
	case c.ID != 0 && (c.Title != "" || c.Source != "" || c.Description != "" || !c.Start.IsZero() || len(c.Link) > 0):
		return errors.New("--id: goes with --end alone: the event has the rest already")
	}
	return nil
}

// annotationTerms speaks of flags where the library speaks of fields, which are wrong usage.
func annotationTerms(err error) error {
	if err == nil {
		return nil
	}
	text := flagTerms(err, "librato: annotation: ", "", "Stream: ", "STREAM: ", "Title: ", "TITLE: ", "Source: ", "--source: ", "Description: ", "--description: ",
		"End: ", "--end: ", "Start: ", "--start: ", "Links: ", "--link: ", "User and Token", "--user and --token")
	if text.Error() != err.Error() && !errors.Is(err, context.Canceled) {
		return usageError{text}
	}
	return err
}
