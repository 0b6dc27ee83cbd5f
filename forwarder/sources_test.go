package forwarder

import (
	"fmt"
	"testing"
	"time"
)

func TestWhatAnAddressOwesIsForgivenWithTime(t *testing.T) {
	now := time.Unix(1e9, 0)
	s := newSources(10_000)
	if s.owe(here, 10_000, now) {
		t.Error("10,000 is too much")
	}
	if !s.owe(here, 1, now) {
		t.Error("10,001 is not too much")
	}
	if s.owe(there, 1, now) {
		t.Error("one pays for another")
	}
	now = now.Add(time.Second)
	if !s.owe(here, repaid, now) || s.owe(here, 0, now.Add(time.Second)) {
		t.Errorf("%d a second are not forgiven", repaid)
	}
	if s.owe(here, 10_000, now.Add(time.Hour)) {
		t.Error("more was forgiven than was owed, or less")
	}
	if !s.owe(here, 1, now.Add(time.Hour)) {
		t.Error("forgiveness was saved up")
	}
}

func TestAdmissionHasARateForEachAddress(t *testing.T) {
	for name, c := range map[string]struct{ owes, atOnce, perSecond int }{
		"without debts": {0, admittedAtOnce, admittedPerSecond},
		"in debt":       {1 << 30, 1, inDebtPerSecond},
	} {
		now := time.Unix(1e9, 0)
		s := newSources(1000)
		s.owe(here, c.owes, now)
		count := func() (n int) {
			for s.admit(here, false, now) {
				n++
			}
			return n
		}
		if n := count(); n != c.atOnce {
			t.Errorf("%s: %d at once, want %d", name, n, c.atOnce)
		}
		admitted := 0
		for range 1000 {
			now = now.Add(10 * time.Millisecond)
			admitted += count()
		}
		if want := 10 * c.perSecond; admitted < want-1 || admitted > want {
			t.Errorf("%s: %d in ten seconds, want %d", name, admitted, want)
		}
		now = now.Add(time.Hour)
		if n := count(); n != c.atOnce {
			t.Errorf("%s: %d after a rest, want %d", name, n, c.atOnce)
		}
	}
}

func TestOnlyWhoOwesWaitsForThePump(t *testing.T) {
	now := time.Unix(1e9, 0)
	s := newSources(1000)
	s.owe(here, 1001, now)
	if s.admit(here, true, now) || !s.admit(here, false, now) || !s.admit(there, true, now) {
		t.Error("want here to wait while the pump is busy, and nobody else")
	}
}

func TestANetworkOfIPv6IsOneSource(t *testing.T) {
	for address, want := range map[string]string{
		"2001:db8::1": "2001:db8::/64", "2001:db8::ffff:2": "2001:db8::/64", "2001:db8:0:1::1": "2001:db8:0:1::/64",
		"fe80::1%eth0": "fe80::/64", here: here, "local": "local", "": "",
	} {
		if got := network(address); got != want {
			t.Errorf("%q is of %q, want %q", address, got, want)
		}
	}
}

func TestAddressesAreForgottenBeforeThereAreTooMany(t *testing.T) {
	now := time.Unix(1e9, 0)
	s := newSources(1000)
	s.owe(here, 1<<30, now)
	for i := range 3 * maxSources {
		s.owe(fmt.Sprint("quiet", i), 0, now)
		if len(s.of) > maxSources {
			t.Fatalf("%d are remembered", len(s.of))
		}
	}
	if !s.owe(here, 0, now) {
		t.Error("one that owes was forgotten for others that do not")
	}
	for i := range 3 * maxSources {
		s.owe(fmt.Sprint("loud", i), 1<<30, now)
		if len(s.of) > maxSources {
			t.Fatalf("%d are remembered", len(s.of))
		}
	}
}

func TestWhatAccruesDoesNotDependOnHowOftenItIsLookedAt(t *testing.T) {
	begin := time.Unix(1e9, 0)
	for _, step := range []time.Duration{time.Microsecond, 7 * time.Millisecond, 333 * time.Millisecond} {
		since, sum := begin, 0
		end := begin
		for end.Sub(begin) < time.Second {
			end = end.Add(step)
			sum += accrued(&since, end, 1000)
		}
		if want := int(end.Sub(begin).Milliseconds()); sum < want-1 || sum > want {
			t.Errorf("in steps of %v it is %d, want %d", step, sum, want)
		}
	}
}
