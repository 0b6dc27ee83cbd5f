package admin

import (
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// Systemd is the supervisor of a unit of Type=notify, as sd_notify(3) and sd_watchdog_enabled(3) describe it. The zero
// value is none; nothing is said then.
type Systemd struct {
	Socket   string        // a path, or a name that begins with @
	Watchdog time.Duration // how often it wants to hear of us; 0: never
}

// SystemdFrom reads the variables that systemd sets.
func SystemdFrom(getenv func(string) string) Systemd {
	s := Systemd{Socket: getenv("NOTIFY_SOCKET")}
	µs, err := strconv.ParseInt(getenv("WATCHDOG_USEC"), 10, 64)
	pid := getenv("WATCHDOG_PID")
	if err == nil && µs > 0 && (pid == "" || pid == strconv.Itoa(os.Getpid())) {
		s.Watchdog = time.Duration(µs) * time.Microsecond
	}
	return s
}

// notify says it in one datagram. A supervisor that does not hear is not ours to mend.
func (s Systemd) notify(state ...string) {
	if s.Socket == "" {
		return
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: s.Socket, Net: "unixgram"})
	if err != nil {
		return
	}
	defer conn.Close()
	_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
	_, _ = conn.Write([]byte(strings.Join(state, "\n")))
}

// statusInterval is how soon the supervisor's line of status is renewed, and how often it hears that all is alive.
const statusInterval = time.Second

// Attend says that the process has started, from then on what its parts wait for and that they are alive, and once quit is closed that
// it ends. It returns then. A part that is stuck stops the signs of life.
func (s Systemd) Attend(parts Parts, quit <-chan struct{}) {
	if s.Socket == "" {
		<-quit
		return
	}
	interval := statusInterval
	if s.Watchdog > 0 {
		interval = min(interval, s.Watchdog/2)
	}
	tick := time.NewTicker(interval)
	defer tick.Stop()
	said := status(parts)
	s.notify("READY=1", said)
	for {
		select {
		case <-quit:
			s.notify("STOPPING=1", "STATUS=ending")
			return
		case <-tick.C:
		}
		var state []string
		if s.Watchdog > 0 && len(parts.stuck()) == 0 {
			state = append(state, "WATCHDOG=1")
		}
		if now := status(parts); now != said {
			said = now
			state = append(state, now)
		}
		if len(state) > 0 {
			s.notify(state...)
		}
	}
}

func status(parts Parts) string {
	if waiting := parts.waiting(); len(waiting) > 0 {
		return "STATUS=" + strings.Join(waiting, "; ")
	}
	return "STATUS=ready"
}
