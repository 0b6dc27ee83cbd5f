package post

import (
	"errors"
	"fmt"
	"net"
	"net/url"
)

// ParseURL reads where requests shall go, of the form want, as https://host/path. Its errors quote nothing of it, which may hold a password.
func ParseURL(raw, want string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, fmt.Errorf("URL: cannot be parsed: want %s", want)
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return nil, fmt.Errorf("URL: want %s", want)
	case u.Fragment != "":
		return nil, fmt.Errorf("URL: holds a fragment: want %s", want)
	}
	return u, nil
}

// Hidden returns an error if what goes along to u could be read on the way: with http, to any host but this one. What names it for people.
func Hidden(u *url.URL, what string) error {
	ip := net.ParseIP(u.Hostname())
	if u.Scheme == "https" || u.Hostname() == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return errors.New("URL: http would show " + what + " to the network on the way to " + u.Host + ": use https, or set PlainHTTP")
}
