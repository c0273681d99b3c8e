package store

import (
	"slices"
	"strconv"
	"strings"
)

// runs writes numbers as "0-3,7".
func runs(ns []int) string {
	ns = slices.Compact(slices.Sorted(slices.Values(ns)))
	var b strings.Builder
	for from := 0; from < len(ns); {
		to := from
		for to+1 < len(ns) && ns[to+1] == ns[to]+1 {
			to++
		}
		if from > 0 {
			b.WriteString(",")
		}
		b.WriteString(strconv.Itoa(ns[from]))
		if to > from {
			b.WriteString("-" + strconv.Itoa(ns[to]))
		}
		from = to + 1
	}
	return b.String()
}

// numbers reads the text written by runs.
func numbers(runs string) (ns []int, err error) {
	for run := range strings.SplitSeq(runs, ",") {
		first, last, several := strings.Cut(run, "-")
		from, err := strconv.Atoi(first)
		if err != nil {
			return nil, err
		}
		to := from
		if several {
			if to, err = strconv.Atoi(last); err != nil {
				return nil, err
			}
		}
		for n := from; n <= to; n++ {
			ns = append(ns, n)
		}
	}
	return ns, nil
}
