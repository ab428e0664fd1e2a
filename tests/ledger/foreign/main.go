// Checks a log with Go's own golang.org/x/mod/sumdb/note and sumdb/tlog, and nothing of this project:
//
//	verify FOLDER VERIFIER_KEY
//
// Prints GREEN, the origin and the number of entries; or RED and why, with exit code 1.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const width = 256

func must(err error) {
	if err != nil {
		fmt.Println("RED", err)
		os.Exit(1)
	}
}

func inThrees(n int64) string {
	path := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		path = fmt.Sprintf("x%03d/%s", n%1000, path)
	}
	return path
}

// tiles reads hashes from the tiles of a folder.
type tiles struct{ folder string }

func (t tiles) Height() int { return 8 }

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var read [][]byte
	for _, tile := range wanted {
		path := filepath.Join(t.folder, "tile", strconv.Itoa(tile.L), inThrees(tile.N))
		if tile.W < width {
			path = fmt.Sprintf("%s.p/%d", path, tile.W)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		read = append(read, data)
	}
	return read, nil
}

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// entries reads the bundles of a folder.
func entries(folder string, size int64) [][]byte {
	var all [][]byte
	for n := int64(0); n*width < size; n++ {
		path := filepath.Join(folder, "tile", "entries", inThrees(n))
		if w := size - n*width; w < width {
			path = fmt.Sprintf("%s.p/%d", path, w)
		}
		data, err := os.ReadFile(path)
		must(err)
		for len(data) > 0 {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				must(fmt.Errorf("%s ends within an entry", path))
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			all, data = append(all, data[2:end]), data[end:]
		}
	}
	if int64(len(all)) != size {
		must(fmt.Errorf("%d entries, and the checkpoint has %d", len(all), size))
	}
	return all
}

// opened is the tree of the checkpoint, whose signature holds.
func opened(folder, key string) (string, tlog.Tree) {
	verifier, err := note.NewVerifier(key)
	must(err)
	data, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	must(err)
	checkpoint, err := note.Open(data, note.VerifierList(verifier))
	must(err)
	lines := strings.Split(checkpoint.Text, "\n")
	if len(lines) < 4 {
		must(fmt.Errorf("a checkpoint of %d lines", len(lines)))
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	root, err := base64.StdEncoding.DecodeString(lines[2])
	must(err)
	var hash tlog.Hash
	copy(hash[:], root)
	return lines[0], tlog.Tree{N: size, Hash: hash}
}

func main() {
	folder := os.Args[1]
	origin, tree := opened(folder, os.Args[2])
	hashes := tlog.TileHashReader(tree, tiles{folder})
	for index, entry := range entries(folder, tree.N) {
		proof, err := tlog.ProveRecord(tree.N, int64(index), hashes)
		must(err)
		must(tlog.CheckRecord(proof, tree.N, tree.Hash, int64(index), tlog.RecordHash(entry)))
	}
	for size := int64(1); size <= tree.N; size++ {
		old, err := tlog.TreeHash(size, hashes)
		must(err)
		proof, err := tlog.ProveTree(tree.N, size, hashes)
		must(err)
		must(tlog.CheckTree(proof, tree.N, tree.Hash, size, old))
	}
	fmt.Println("GREEN", origin, tree.N)
}
