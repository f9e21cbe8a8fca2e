package transport

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"testing"
)

// BenchmarkPost has 100 requests of a kilobyte in flight, which are posted in
// batches.
func BenchmarkPost(b *testing.B) {
	for name, newTransport := range map[string]func(Config) Transport{
		"net-http": func(c Config) Transport { return NewNetHTTP(c) },
		"http2":    func(c Config) Transport { return NewHTTP2(c, NewNetHTTP(c)) },
	} {
		for _, size := range []int{1, 16, 64} {
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				s := serve(b, "h2", func(w http.ResponseWriter, r *http.Request) {
					io.Copy(io.Discard, r.Body)
					w.WriteHeader(http.StatusCreated)
				})
				tr := newTransport(s.config)
				defer tr.Close()
				body := bytes.Repeat([]byte("x"), 1000)
				fields := []Field{
					{"ttl", "86400"}, {"urgency", "normal"}, {"content-encoding", "aes128gcm"}, {"content-type", "application/octet-stream"},
					{"authorization", "vapid t=" + string(bytes.Repeat([]byte("t"), 250)) + ", k=" + string(bytes.Repeat([]byte("k"), 87))},
				}
				paths := make([]string, 1024)
				for i := range paths {
					paths[i] = fmt.Sprintf("/wpush/v2/%x%0180d", i, i)
				}
				slots := make(chan struct{}, 128)
				for range 128 {
					slots <- struct{}{}
				}
				b.ReportAllocs()
				b.ResetTimer()
				for n := 0; n < b.N; n += size {
					requests := make([]Request, size)
					for i := range requests {
						<-slots
						requests[i] = Request{Path: paths[(n+i)%len(paths)], Fields: fields, Body: body}
					}
					tr.Post(b.Context(), s.origin, requests, func(i int, r Response, err error) {
						if err != nil || r.Status != 201 {
							b.Error(r.Status, err)
						}
						slots <- struct{}{}
					})
				}
				for range 128 {
					<-slots
				}
			})
		}
	}
}
