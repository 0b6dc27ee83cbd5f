package metric

import "fmt"

// Reason says why a message could not be decoded. Reasons are few and fixed, so that receivers can count by them.
type Reason uint8

const (
	ReasonSize      Reason = iota // larger than MaxFrame
	ReasonMultipart               // more than one frame
	ReasonFields                  // text: not six fields; binary: not a topic and a header
	ReasonLevel                   // the level is not a legal label
	ReasonKind                    // text: a type other than Gauge, Timer, Counter
	ReasonNumber                  // a value or time that is no number, NaN, infinite or out of range
	ReasonEncoding                // text that is not UTF-8, or a binary name that is not legal
	ReasonVersion                 // a binary form or version that this reader does not know
	ReasonTruncated               // binary: the lengths do not add up
	ReasonChecksum                // binary: the checksum does not match
	ReasonContent                 // binary: whole, but it contradicts itself

	Reasons = int(ReasonContent) + 1 // how many there are
)

var reasonNames = [Reasons]string{"size", "multipart", "fields", "level", "kind", "number", "encoding", "version", "truncated", "checksum", "content"}

// String returns the reason's name, one lower-case word.
func (r Reason) String() string {
	if int(r) >= Reasons {
		return fmt.Sprintf("reason(%d)", uint8(r))
	}
	return reasonNames[r]
}

// DecodeError says why a message could not be decoded. Its text quotes at most a few bytes of the message.
type DecodeError struct {
	Reason Reason
	Detail string
}

func (e *DecodeError) Error() string {
	return "malformed message: " + e.Reason.String() + ": " + e.Detail
}

func malformed(r Reason, format string, args ...any) error {
	return &DecodeError{r, fmt.Sprintf(format, args...)}
}

// excerpt quotes the beginning of a stranger's text for an error.
func excerpt(s string) string {
	if len(s) > 40 {
		return fmt.Sprintf("%q...", s[:40])
	}
	return fmt.Sprintf("%q", s)
}
