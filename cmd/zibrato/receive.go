//go:build cgo

package main

import (
	"errors"
	"log/slog"

	"github.com/zibrato/zibrato/metric"
	"github.com/zibrato/zibrato/subscriber"
)

// receiving are the flags of every command that subscribes.
type receiving struct {
	peering
	From   connecting `default:"tcp://127.0.0.1:5551" help:"The forwarder's endpoint for subscribers."`
	Levels levels     `placeholder:"LIST" help:"Levels to subscribe to, as debug,info; info+ means info and above. By default all."`
}

// config is what a subscriber needs to do what the flags say.
func (r *receiving) config(log *slog.Logger) (subscriber.Config, error) {
	k, err := r.keys()
	return subscriber.Config{From: string(r.From), Key: k.own, ServerKey: k.server, NextServerKey: k.next, Levels: r.Levels.Levels, Logger: log}, err
}

// levels is a list of levels as a flag.
type levels struct{ metric.Levels }

func (l *levels) UnmarshalText(text []byte) (err error) {
	l.Levels, err = metric.ParseLevels(string(text))
	return err
}

// orAll is the list for people.
func (l levels) orAll() string {
	if len(l.Levels) == 0 {
		return "all"
	}
	return l.String()
}

// level is one level as a flag.
type level struct{ metric.Level }

func (l *level) UnmarshalText(text []byte) error {
	list, err := metric.ParseLevels(string(text))
	if err != nil {
		return err
	}
	if len(list) != 1 {
		return errors.New("want one level")
	}
	l.Level = list[0]
	return nil
}
