package purge

import (
	"fmt"
	"net/url"
	"testing"
)

// benchURLs returns canonical URLs of about 100 bytes.
func benchURLs(n int) []string {
	urls := make([]string, n)
	for i := range urls {
		urls[i] = fmt.Sprintf("https://img%02d.static.example.com/products/2026/spring/catalogue/item-%05d/preview_large.jpg?v=%08x", i%20, i, i*2654435761%(1<<32))
	}
	return urls
}

func BenchmarkParse(b *testing.B) {
	urls := benchURLs(1000)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := Parse(URL, urls[i%len(urls)]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseFloor(b *testing.B) {
	urls := benchURLs(1000)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := url.Parse(urls[i%len(urls)]); err != nil {
			b.Fatal(err)
		}
	}
}
