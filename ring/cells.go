package ring

// Cells are one series' cells on all processors. The zero Cells must not be used.
type Cells struct {
	id     uint32
	column *column
}

// Cells returns the cells of a series.
func (r *Ring) Cells(series uint32) Cells {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Cells{series, r.column(series)}
}

// Add counts one call of the series and adds to its integer sum, as [Ring.Add] does, and sooner where it can. It may be called from any goroutine.
func (c *Cells) Add(sum int64) { add(c, sum) }

// addHeld adds where a shard has to be held.
func addHeld(c *Cells, sum int64) { c.column.ring.Add(c.id, sum) }
