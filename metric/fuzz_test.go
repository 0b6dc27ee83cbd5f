package metric

import "testing"

// FuzzDecoderAgreesWithTheReference holds the decoder against the slow one that was written from docs/wire.md, under a right checksum and under the
// one that comes: they accept the same messages, and read the same in them.
func FuzzDecoderAgreesWithTheReference(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(v.frame)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		agree(t, frame)
		if len(frame) >= 4 {
			agree(t, seal(frame))
		}
	})
}
