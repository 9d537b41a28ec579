// Command go-git carries out one operation of the bench with go-git, everything in memory.
//
// Usage: go-git SCENARIO CLIENT TASK-FILE. It prints "ready", waits for a line, works, and prints what it took as JSON.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-git/go-billy/v5"
	"github.com/go-git/go-billy/v5/memfs"
	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/memory"
)

type file struct {
	Path    string `json:"path"`
	Content string `json:"content"`
}

// task is what a client is to do: the same for every client.
type task struct {
	URL     string   `json:"url"`
	Scratch string   `json:"scratch"`
	Put     []file   `json:"put"`
	Remove  []string `json:"remove"`
	Path    string   `json:"path"`
	Base    string   `json:"base"`
	Head    string   `json:"head"`
	Apart   int      `json:"apart"`
	Count   int      `json:"count"`
	Branch  string   `json:"branch"`
}

type operation func() (any, error)

type effort struct {
	Milliseconds    float64 `json:"milliseconds"`
	CPUMilliseconds float64 `json:"cpuMilliseconds"`
	PeakRSS         int64   `json:"peakRss"`
	Result          any     `json:"result"`
}

func main() {
	if err := run(os.Args[1], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(scenario, taskFile string) error {
	bytes, err := os.ReadFile(taskFile)
	if err != nil {
		return err
	}
	var t task
	if err := json.Unmarshal(bytes, &t); err != nil {
		return err
	}
	work, err := prepare(scenario, t)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return err
	}
	before, started := cpu(), time.Now()
	result, err := work()
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(effort{
		Milliseconds:    float64(time.Since(started).Microseconds()) / 1000,
		CPUMilliseconds: float64((cpu() - before).Microseconds()) / 1000,
		PeakRSS:         peakRSS(),
		Result:          result,
	})
}

func cpu() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// peakRSS reads VmHWM: the peak that getrusage tells starts with that of the process that forked this one.
func peakRSS() int64 {
	status, _ := os.ReadFile("/proc/self/status")
	match := regexp.MustCompile(`(?m)^VmHWM:\s+(\d+) kB$`).FindSubmatch(status)
	if match == nil {
		return 0
	}
	kilobytes, _ := strconv.ParseInt(string(match[1]), 10, 64)
	return kilobytes * 1024
}

func prepare(scenario string, t task) (operation, error) {
	switch scenario {
	case "create", "update", "delete", "bulk-100", "bulk-1000", "branch-commit":
		return func() (any, error) { return nil, cloneAndEdit(t, 1) }, nil
	case "ten-edits":
		return func() (any, error) { return nil, cloneAndEdit(t, t.Count) }, nil
	case "warm-edit":
		repo, tree, err := cloneWithFiles(t.URL)
		if err != nil {
			return nil, err
		}
		return func() (any, error) { return nil, edit(repo, tree, t, t.Put) }, nil
	case "flat-tree":
		return func() (any, error) { return countFiles(t.URL) }, nil
	case "compare-1", "compare-10":
		return func() (any, error) { return compare(t) }, nil
	case "read-deep":
		return func() (any, error) { return readFile(t) }, nil
	case "history":
		return func() (any, error) { return history(t) }, nil
	case "checkout":
		return func() (any, error) { return checkout(t) }, nil
	}
	return nil, fmt.Errorf("no scenario %s", scenario)
}

func clone(url string, depth int, files billy.Filesystem) (*git.Repository, error) {
	return git.Clone(memory.NewStorage(), files, &git.CloneOptions{
		URL: url, Depth: depth, SingleBranch: true, ReferenceName: "refs/heads/main", Tags: git.NoTags,
	})
}

func cloneWithFiles(url string) (*git.Repository, *git.Worktree, error) {
	repo, err := clone(url, 1, memfs.New())
	if err != nil {
		return nil, nil, err
	}
	tree, err := repo.Worktree()
	return repo, tree, err
}

func cloneAndEdit(t task, pushes int) error {
	repo, tree, err := cloneWithFiles(t.URL)
	if err != nil {
		return err
	}
	if pushes == 1 {
		return edit(repo, tree, t, t.Put)
	}
	for i := range pushes {
		if err := edit(repo, tree, t, t.Put[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}

func edit(repo *git.Repository, tree *git.Worktree, t task, put []file) error {
	for _, f := range put {
		out, err := tree.Filesystem.Create(f.Path)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(out, f.Content); err != nil {
			return err
		}
		if err := out.Close(); err != nil {
			return err
		}
		// Without this every add compares the whole work tree.
		if err := tree.AddWithOptions(&git.AddOptions{Path: f.Path, SkipStatus: true}); err != nil {
			return err
		}
	}
	for _, path := range t.Remove {
		if _, err := tree.Remove(path); err != nil {
			return err
		}
	}
	who := &object.Signature{Name: "Bench", Email: "bench@example.com", When: time.Now()}
	commit, err := tree.Commit("Edit", &git.CommitOptions{Author: who})
	if err != nil {
		return err
	}
	name := plumbing.NewBranchReferenceName(t.Branch)
	if err := repo.Storer.SetReference(plumbing.NewHashReference(name, commit)); err != nil {
		return err
	}
	spec := config.RefSpec(name + ":" + name)
	return repo.Push(&git.PushOptions{RefSpecs: []config.RefSpec{spec}})
}

func cloneTree(url string) (*object.Tree, error) {
	repo, err := clone(url, 1, nil)
	if err != nil {
		return nil, err
	}
	head, err := repo.Head()
	if err != nil {
		return nil, err
	}
	commit, err := repo.CommitObject(head.Hash())
	if err != nil {
		return nil, err
	}
	return commit.Tree()
}

func countFiles(url string) (any, error) {
	tree, err := cloneTree(url)
	if err != nil {
		return nil, err
	}
	// A walker, and not Files(), which would read every blob.
	walker := object.NewTreeWalker(tree, true, nil)
	defer walker.Close()
	count := 0
	for {
		_, entry, err := walker.Next()
		if errors.Is(err, io.EOF) {
			return count, nil
		}
		if err != nil {
			return nil, err
		}
		if entry.Mode.IsFile() {
			count++
		}
	}
}

func compare(t task) (any, error) {
	repo, err := clone(t.URL, t.Apart+1, nil)
	if err != nil {
		return nil, err
	}
	var trees [2]*object.Tree
	for i, id := range []string{t.Base, t.Head} {
		commit, err := repo.CommitObject(plumbing.NewHash(id))
		if err != nil {
			return nil, err
		}
		if trees[i], err = commit.Tree(); err != nil {
			return nil, err
		}
	}
	changes, err := object.DiffTree(trees[0], trees[1])
	return len(changes), err
}

func readFile(t task) (any, error) {
	tree, err := cloneTree(t.URL)
	if err != nil {
		return nil, err
	}
	found, err := tree.File(t.Path)
	if err != nil {
		return nil, err
	}
	content, err := found.Contents()
	return len(content), err
}

func history(t task) (any, error) {
	repo, err := clone(t.URL, t.Count, nil)
	if err != nil {
		return nil, err
	}
	commits, err := repo.Log(&git.LogOptions{})
	if err != nil {
		return nil, err
	}
	defer commits.Close()
	ids := []string{}
	for len(ids) < t.Count {
		commit, err := commits.Next()
		if err != nil {
			return nil, err
		}
		ids = append(ids, commit.Hash.String())
	}
	return ids, nil
}

func checkout(t task) (any, error) {
	tree, err := cloneTree(t.URL)
	if err != nil {
		return nil, err
	}
	folder, err := tree.Tree(t.Path)
	if err != nil {
		return nil, err
	}
	count := 0
	err = folder.Files().ForEach(func(f *object.File) error {
		count++
		return writeFile(f, filepath.Join(t.Scratch, "out", t.Path, filepath.FromSlash(f.Name)))
	})
	return count, err
}

func writeFile(f *object.File, path string) error {
	if strings.Contains(f.Name, "..") {
		return fmt.Errorf("unsafe path %q", f.Name)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	in, err := f.Reader()
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer out.Close()
	_, err = io.Copy(out, in)
	return err
}
