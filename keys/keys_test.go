package keys

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// The pairs in the manual of libzmq, https://libzmq.readthedocs.io/en/latest/zmq_curve.html.
var manual = []struct{ public, secret string }{
	{"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID", "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"},
	{"rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7", "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"},
}

func generate(t testing.TB) Pair {
	t.Helper()
	p, err := Generate()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestThePublicKeyIsThatOfTheManual(t *testing.T) {
	for _, m := range manual {
		p, err := parsePair(secretWord + " " + m.secret + "\n")
		if err != nil || p.Public().String() != m.public || p.Secret() != m.secret {
			t.Errorf("%v, %v, want %s", p, err, m.public)
		}
	}
}

func TestAPublicKeyIsReadAsItIsWritten(t *testing.T) {
	want := generate(t).Public()
	for _, text := range []string{
		want.String(), " " + want.String() + "\n", publicWord + " " + want.String(), publicWord + "\t" + want.String() + " web1, in the cellar\r\n",
	} {
		if got, err := ParsePublic(text); err != nil || got != want {
			t.Errorf("ParsePublic(%q) = %v, %v", text, got, err)
		}
	}
	var back Public
	text, err := want.MarshalText()
	if err != nil || back.UnmarshalText(text) != nil || back != want {
		t.Errorf("%s became %v, %v", text, back, err)
	}
	if err := back.UnmarshalText(nil); err != nil || !back.IsZero() || back.String() != "" {
		t.Errorf("no text became %v, %v", back, err)
	}
}

func TestWhatIsNoPublicKeyIsRefusedAndNotQuoted(t *testing.T) {
	good := generate(t).Public().String()
	for _, text := range []string{
		"", publicWord, publicWord + good, good[1:], good + "0", good[:39] + "~", good[:39] + "é", strings.Repeat("0", 40), strings.Repeat("#", 40),
		publicWord + " " + good[1:], good + " " + good, secretWord + " " + good, "zibrato-public-keys " + good,
	} {
		key, err := ParsePublic(text)
		if err == nil {
			t.Errorf("ParsePublic(%q) = %v", text, key)
		} else if strings.Contains(err.Error(), good[1:]) {
			t.Errorf("ParsePublic(%q): %v", text, err)
		}
	}
}

func TestPairsDiffer(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		p := generate(t)
		seen[p.Secret()], seen[p.Public().String()] = true, true
	}
	if len(seen) != 2000 {
		t.Errorf("1000 pairs have %d keys", len(seen))
	}
}

func TestNothingPrintsASecret(t *testing.T) {
	p := generate(t)
	raw, _ := decode(p.Secret())
	type hidden struct{ pair Pair } // whose methods fmt cannot call
	values := map[string]any{
		"pair": p, "pointer": &p, "field": struct{ Key Pair }{p}, "unexported field": hidden{p}, "pointer to that": &hidden{p},
		"slice": []Pair{p}, "map": map[string]Pair{"a": p}, "deep": []any{&hidden{p}, hidden{p}},
	}
	for name, v := range values {
		var text bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%p", "%T", "%z"} {
			fmt.Fprintf(&text, verb+"\n", v)
		}
		fmt.Fprintln(&text, v)
		for _, h := range []slog.Handler{slog.NewTextHandler(&text, nil), slog.NewJSONHandler(&text, nil)} {
			slog.New(h).Info("x", "v", v, "any", slog.AnyValue(v))
		}
		if out, err := json.Marshal(v); err == nil {
			text.Write(out)
		}
		fmt.Fprintln(&text, fmt.Errorf("a: %v", v))
		for how, secret := range map[string]string{
			"Z85": p.Secret(), "hexadecimal": fmt.Sprintf("%x", raw[:8]), "HEXADECIMAL": fmt.Sprintf("%X", raw[:8]),
			"decimal": strings.Trim(fmt.Sprint(raw[:6]), "[]"), "Go": strings.Trim(fmt.Sprintf("%#v", raw[:6]), "[]byte{}"), "bytes": string(raw[:8]),
			"octal": strings.Trim(fmt.Sprintf("%o", raw[:6]), "[]"),
		} {
			if strings.Contains(text.String(), secret) {
				t.Errorf("%s shows the secret in %s: %s", name, how, text.String())
			}
		}
	}
	if s := fmt.Sprint(p); !strings.Contains(s, p.Public().String()) {
		t.Errorf("%s does not name the public key", s)
	}
}

func TestTheZeroPairIsNone(t *testing.T) {
	var p Pair
	if !p.IsZero() || p.Secret() != "" || !p.Public().IsZero() || p.String() != "keys.Pair{}" {
		t.Errorf("%v %q", p, p.Secret())
	}
	if generate(t).IsZero() {
		t.Error("a generated pair is none")
	}
}
