package zibrato

import "github.com/zibrato/zibrato/metric"

// Level is the unit of subscription, see metric.Level. Any label of [A-Za-z0-9_.-]{1,32} that does not begin with "zs" is one.
type Level = metric.Level

// The standard levels. Unless Config.AlwaysOn says otherwise, LevelInfo and those above it are measured as soon as something
// consumes, and LevelDebug while a consumer asks for it.
const (
	LevelDebug    = metric.Debug
	LevelInfo     = metric.Info
	LevelWarning  = metric.Warning
	LevelError    = metric.Error
	LevelCritical = metric.Critical
)

// level is a level within a recorder.
type level struct {
	label  Level
	on     *atomicFlag // 1: record. Written by the recorder under its mutex, read by every call
	wanted atomicFlag  // 1: deliver. Set before on is, so that what is recorded for a consumer is not drained as unwanted
	batch  batcher     // owned by the drain
}
