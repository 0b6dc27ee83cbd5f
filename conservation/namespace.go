//go:build cgo && linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"unsafe"
)

// insideFlag marks the harness in its namespaces.
const insideFlag = "-inside"

// enter runs this program again in namespaces of its own and returns its exit status. Not ok says that the machine does not allow them.
func enter(args []string) (status int, ok bool) {
	cmd := exec.Command("/proc/self/exe", append([]string{insideFlag}, args...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	attr := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	if os.Getuid() != 0 {
		attr.Cloneflags |= syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	cmd.SysProcAttr = attr
	if err := cmd.Start(); err != nil {
		return 0, false
	}
	err := cmd.Wait()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return exit.ExitCode(), true
	case err != nil:
		return 1, true
	}
	return 0, true
}

// loopbackUp turns the loopback interface on.
func loopbackUp() error {
	s, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer syscall.Close(s)
	var request struct { // struct ifreq of netdevice(7)
		name  [syscall.IFNAMSIZ]byte
		flags uint16
		_     [22]byte
	}
	copy(request.name[:], "lo")
	request.flags = syscall.IFF_UP | syscall.IFF_RUNNING
	if _, _, no := syscall.Syscall(syscall.SYS_IOCTL, uintptr(s), syscall.SIOCSIFFLAGS, uintptr(unsafe.Pointer(&request))); no != 0 {
		return no
	}
	return nil
}

// network drops packets. One chain of rules for each fault keeps their counters apart.
type network struct{ iptables string }

func openNetwork() (*network, error) {
	if err := loopbackUp(); err != nil {
		return nil, fmt.Errorf("turning on the loopback interface: %w", err)
	}
	for _, name := range []string{"iptables", "/usr/sbin/iptables", "/sbin/iptables"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		n := &network{path}
		if err := n.do("-L", "INPUT", "-n"); err != nil {
			return nil, err
		}
		return n, nil
	}
	return nil, errors.New("iptables is not installed")
}

func (n *network) do(args ...string) error {
	out, err := exec.Command(n.iptables, append([]string{"-w"}, args...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("iptables %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

// cut begins to drop packets that match the rules, and returns what ends that and says how many it were.
func (n *network) cut(chain string, rules ...[]string) (lift func() (int, error), err error) {
	if err := n.do("-N", chain); err != nil {
		return nil, err
	}
	for _, r := range rules {
		if err := n.do(append(append([]string{"-A", chain}, r...), "-j", "DROP")...); err != nil {
			return nil, err
		}
	}
	if err := n.do("-I", "INPUT", "-j", chain); err != nil {
		return nil, err
	}
	return func() (int, error) {
		dropped, err := n.dropped(chain)
		return dropped, errors.Join(err, n.do("-D", "INPUT", "-j", chain), n.do("-F", chain), n.do("-X", chain))
	}, nil
}

// dropped returns how many packets a chain has dropped so far.
func (n *network) dropped(chain string) (packets int, err error) {
	out, err := exec.Command(n.iptables, "-w", "-L", chain, "-v", "-x", "-n").Output()
	for _, l := range strings.Split(string(out), "\n") {
		if f := strings.Fields(l); len(f) > 2 && f[2] == "DROP" {
			k, _ := strconv.Atoi(f[0])
			packets += k
		}
	}
	return packets, err
}

const (
	// dirBytes bounds what the backend keeps on disk, diskBytes is how large that disk is.
	dirBytes  = 32 << 20
	diskBytes = 48 << 20
)

// disk is a small file system of its own.
type disk struct{ path string }

func openDisk(path string) (*disk, error) {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return nil, fmt.Errorf("making mounts private: %w", err)
	}
	if err := syscall.Mount("conservation", path, "tmpfs", 0, fmt.Sprintf("size=%d", diskBytes)); err != nil {
		return nil, fmt.Errorf("mounting a tmpfs: %w", err)
	}
	return &disk{path}, nil
}

func (d *disk) close() error { return syscall.Unmount(d.path, syscall.MNT_DETACH) }

// fill takes all room that is left, and returns what takes the room that others gave back since, and what gives everything back. The error
// that says that the disk is full is what shows it.
func (d *disk) fill() (again func() error, free func() error, evidence string, err error) {
	f, err := os.Create(filepath.Join(d.path, "filler"))
	if err != nil {
		return nil, nil, "", err
	}
	free = func() error { return errors.Join(f.Close(), os.Remove(f.Name())) }
	block := make([]byte, 4096)
	again = func() error {
		for {
			if _, err := f.Write(block); errors.Is(err, syscall.ENOSPC) {
				evidence = err.Error()
				return nil
			} else if err != nil {
				return err
			}
		}
	}
	if err := again(); err != nil {
		return nil, nil, "", errors.Join(err, free())
	}
	return again, free, evidence, nil
}
