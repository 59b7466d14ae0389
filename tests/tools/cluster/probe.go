// Command probe is the program inside the test pods: a server, a client, and a reader and writer of files.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	var err error
	switch args := os.Args[2:]; os.Args[1] {
	case "serve": // ADDRESS…: answers every request with the pod's name
		name, _ := os.Hostname()
		for _, address := range args {
			go func() {
				fmt.Fprintln(os.Stderr, http.ListenAndServe(address, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					fmt.Fprint(w, name)
				})))
				os.Exit(1)
			}()
		}
		err = wait()
	case "get": // URL: one attempt, without SYN being sent twice
		err = get(args[0], 800*time.Millisecond)
	case "hammer": // URL: attempts for as long as the pod lives, a line for each that came through
		go func() {
			for {
				if get(args[0], 200*time.Millisecond) != nil {
					time.Sleep(5 * time.Millisecond)
				}
			}
		}()
		err = wait()
	case "write": // FILE TEXT
		err = os.WriteFile(args[0], []byte(args[1]), 0o600)
	case "read": // FILE
		var text []byte
		text, err = os.ReadFile(args[0])
		fmt.Print(string(text))
	case "wait":
		err = wait()
	default:
		err = fmt.Errorf("no command %q", os.Args[1])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func get(url string, timeout time.Duration) error {
	client := http.Client{Timeout: timeout, Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get(url)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	fmt.Println(string(body))
	return err
}

func wait() error {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	<-stop
	return nil
}
