package zgrpc

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/zibrato/zibrato"
)

// Config says where to record. The zero Config records on the default recorder.
type Config struct {
	// Scope is where to record, with what level, source and tags. Nil: the default recorder at level info. Calls under way are only right on a level that is
	// always on.
	Scope *zibrato.Scope
}

// other is what tags say of all that would have no bound.
const other = "other"

// instruments are those of a server or a client.
type instruments struct {
	begun          *zibrato.Timer // is started; another one is stopped
	active         *zibrato.UpDown
	duration       *zibrato.TimerVec
	received, sent *zibrato.CounterVec
	methods        methods
}

func newInstruments(side string, c Config) *instruments {
	z := c.Scope
	if z == nil {
		z = zibrato.With()
	}
	method := []string{"service", "method"}
	messages := zibrato.WithUnit("{message}")
	i := &instruments{
		active:   z.NewUpDown(side+".active_calls", zibrato.WithUnit("{call}"), zibrato.WithHelp("Calls under way.")),
		duration: z.NewTimerVec(side+".call.duration", append(method, "status"), zibrato.WithHelp("How long calls take.")),
		received: z.NewCounterVec(side+".messages.received", method, messages, zibrato.WithHelp("Messages that came.")),
		sent:     z.NewCounterVec(side+".messages.sent", method, messages, zibrato.WithHelp("Messages that went.")),
	}
	i.begun = i.duration.With(other, other, other)
	i.methods.init(i)
	return i
}

// call is one that is under way.
type call struct {
	*instruments
	*method
	timing zibrato.Stopwatch
	status string
}

// begin begins a call whose start was measured. Until more is known of it, it is one that panics: asking recover would change what passes.
func (i *instruments) begin(m *method, timing zibrato.Stopwatch) call {
	i.active.Add(1)
	return call{i, m, timing, "panic"}
}

// end records the call. That it is not under way any more is said last, when all else is known of it.
func (c *call) end() {
	if c.status == "OK" {
		c.timing.StopAs(c.ok)
	} else {
		c.timing.StopAs(c.duration.With(c.service, c.name, c.status))
	}
	c.active.Add(-1)
}

// statusOf is the name of the status that gRPC makes of what a handler or a call returned.
func statusOf(err error) string { return nameOf(codeOf(err)) }

// undefined stands for the codes that gRPC does not define.
const undefined = codes.Unauthenticated + 1

func codeOf(err error) codes.Code {
	if err == nil {
		return codes.OK
	}
	s, ok := status.FromError(err)
	if !ok {
		s = status.FromContextError(err)
	}
	return min(s.Code(), undefined)
}

func nameOf(c codes.Code) string {
	if c == undefined {
		return other
	}
	return c.String()
}
