package keys_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/zibrato/zibrato/keys"
)

func Example() {
	dir, err := os.MkdirTemp("", "keys")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	made, err := keys.Generate()
	if err != nil {
		log.Fatal(err)
	}
	web1 := filepath.Join(dir, "web1")
	if err := made.Save(web1, "web1, publishes", false); err != nil { // as zibrato keygen does
		log.Fatal(err)
	}
	pair, err := keys.LoadPair(web1 + keys.SecretExt)
	if err != nil {
		log.Fatal(err)
	}
	public, err := keys.LoadPublic(web1 + keys.PublicExt)
	if err != nil {
		log.Fatal(err)
	}
	allowed, _, err := keys.NewList(dir).Load()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(pair.Public() == public, allowed.Has(public), len(public.String()))
	// Output: true true 40
}

func ExampleParsePublic() {
	key, err := keys.ParsePublic("zibrato-public-key Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID of the manual")
	fmt.Println(key, err)
	_, err = keys.ParsePublic("Yne@$w-vo")
	fmt.Println(err)
	// Output:
	// Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID <nil>
	// no public key: want 40 characters of Z85, or a line that begins "zibrato-public-key"
}
