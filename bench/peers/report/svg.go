package main

import (
	"encoding/xml"
	"fmt"
	"math"
	"strings"
)

// A drawing is an SVG of plain shapes and text. It has a background of its own and darkens it where the reader prefers that, so that it can
// stand on any page. Its words are in title and desc for those who cannot see it.
type drawing struct {
	width, height float64
	title, desc   string
	body          strings.Builder
}

const style = `
text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; fill: #1f2328 }
.head { font-size: 17px; font-weight: 600 }
.small { font-size: 11.5px; fill: #59636e }
.bold { font-weight: 600 }
.page { fill: #ffffff; stroke: #d1d9e0 }
.grid { stroke: #d8dee4; stroke-width: 1 }
.noise { fill: #818b98; fill-opacity: 0.18 }
.bar { fill: #9aa5b1 }
.thin { fill: none; stroke: #59636e; stroke-width: 1.5 }
.curve { fill: none; stroke-width: 2.2; stroke-linejoin: round }
.c0 { stroke: #0a63c9 } .f0 { fill: #0a63c9 }
.c1 { stroke: #c4432b } .f1 { fill: #c4432b }
.c2 { stroke: #1a7f37 } .f2 { fill: #1a7f37 }
.c3 { stroke: #8250df } .f3 { fill: #8250df }
.c4 { stroke: #9a6700 } .f4 { fill: #9a6700 }
.c5 { stroke: #6e7781; stroke-dasharray: 5 4 } .f5 { fill: #6e7781 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .small { fill: #9198a1 } .page { fill: #0d1117; stroke: #3d444d } .grid { stroke: #2a313a }
.bar { fill: #5b6570 } .thin { stroke: #9198a1 }
.c0 { stroke: #4c9bff } .f0 { fill: #4c9bff } .c1 { stroke: #ff8370 } .f1 { fill: #ff8370 } .c2 { stroke: #4ac26b } .f2 { fill: #4ac26b }
.c3 { stroke: #b792ff } .f3 { fill: #b792ff } .c4 { stroke: #dbab3a } .f4 { fill: #dbab3a } .c5 { stroke: #9198a1 } .f5 { fill: #9198a1 }
}
`

func newDrawing(width, height float64, title, desc string) *drawing {
	return &drawing{width: width, height: height, title: title, desc: desc}
}

func (d *drawing) shape(format string, args ...any) { fmt.Fprintf(&d.body, format+"\n", args...) }

func (d *drawing) rect(class string, x, y, w, h float64) {
	d.shape(`<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, class, x, y, w, h)
}

func (d *drawing) line(class string, x1, y1, x2, y2 float64) {
	d.shape(`<line class="%s" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, class, x1, y1, x2, y2)
}

// text writes at a point; anchor is start, middle or end.
func (d *drawing) text(class, anchor string, x, y float64, s string) {
	d.shape(`<text class="%s" text-anchor="%s" x="%.1f" y="%.1f">%s</text>`, class, anchor, x, y, escape(s))
}

func (d *drawing) dot(class string, x, y float64) {
	d.shape(`<circle class="%s" cx="%.1f" cy="%.1f" r="3.4"/>`, class, x, y)
}

// curve joins points.
func (d *drawing) curve(class string, points [][2]float64) {
	d.shape(`<polyline class="curve %s" points="%s"/>`, class, coordinates(points))
}

// area fills what points enclose.
func (d *drawing) area(class string, points [][2]float64) {
	d.shape(`<polygon class="%s" points="%s"/>`, class, coordinates(points))
}

func coordinates(points [][2]float64) string {
	var all []string
	for _, p := range points {
		all = append(all, fmt.Sprintf("%.1f,%.1f", p[0], p[1]))
	}
	return strings.Join(all, " ")
}

func (d *drawing) String() string {
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]g %[2]g" width="%[1]g" height="%[2]g" role="img" aria-labelledby="title desc">
<title id="title">%s</title>
<desc id="desc">%s</desc>
<style>%s</style>
<rect class="page" x="0.5" y="0.5" width="%g" height="%g" rx="6"/>
%s</svg>
`, d.width, d.height, escape(d.title), escape(d.desc), style, d.width-1, d.height-1, d.body.String())
}

func escape(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		panic(err) // a Builder takes everything
	}
	return b.String()
}

// A logScale maps values between two bounds to a line on the paper.
type logScale struct{ from, to, x1, x2 float64 }

func (s logScale) at(v float64) float64 {
	v = min(max(v, s.from), s.to)
	return s.x1 + (s.x2-s.x1)*math.Log(v/s.from)/math.Log(s.to/s.from)
}

// decades are the powers of ten within the bounds.
func (s logScale) decades() (all []float64) {
	for e := math.Ceil(math.Log10(s.from) - 1e-9); e <= math.Log10(s.to)+1e-9; e++ {
		all = append(all, math.Pow(10, e))
	}
	return all
}

// decadesAround returns bounds that are powers of ten around all values above zero.
func decadesAround(values []float64) (from, to float64) {
	from, to = math.Inf(1), 0
	for _, v := range values {
		if v > 0 {
			from, to = min(from, v), max(to, v)
		}
	}
	if to == 0 {
		return 1, 10
	}
	from, to = math.Pow(10, math.Floor(math.Log10(from))), math.Pow(10, math.Ceil(math.Log10(to)))
	if from == to {
		to *= 10
	}
	return from, to
}
