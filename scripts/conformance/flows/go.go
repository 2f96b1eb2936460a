// From an SSH key to a deleted VPS, with the generated Go client.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	danube "example.org/danube/client"
)

var (
	configuration = danube.NewConfiguration()
	client        = danube.NewAPIClient(configuration)
	ctx           = context.WithValue(context.Background(), danube.ContextAccessToken, os.Getenv("TOKEN"))
)

func main() {
	configuration.Servers = danube.ServerConfigurations{{URL: os.Getenv("API")}}

	request := danube.NewCreateSshKey("laptop", os.Getenv("PUBLIC_KEY"))
	added, _, err := client.SSHKeysAPI.CreateSshKey(ctx).CreateSshKey(*request).Execute()
	must(err)
	server := danube.NewCreateVps("web-1", "debian-12", "fsn1", "ssh_key")
	server.SetSshKeyId(added.Key.Id)
	created, _, err := client.VPSAPI.CreateVps(ctx).CreateVps(*server).Execute()
	must(err)
	id := created.Instance.Id
	waitFor(id, "running")

	list, _, err := client.VPSAPI.ListVps(ctx).PerPage(100).Execute()
	must(err)
	if len(list.Data) != 1 || list.Data[0].Name != "web-1" {
		fail("The list has something else than web-1.")
	}
	_, _, err = client.VPSAPI.RebootVps(ctx, id).Execute()
	must(err)
	waitFor(id, "running")
	stop(id)
	_, _, err = client.VPSAPI.StartVps(ctx, id).Execute()
	must(err)
	waitFor(id, "running")
	stop(id)
	_, _, err = client.VPSAPI.DeleteVps(ctx, id).Execute()
	must(err)
	waitFor(id, "deleted")
	_, _, err = client.SSHKeysAPI.DeleteSshKey(ctx, added.Key.Id).Execute()
	must(err)
}

func stop(id string) {
	_, _, err := client.VPSAPI.StopVps(ctx, id).Execute()
	must(err)
	waitFor(id, "stopped")
}

// waitFor polls until the server has this status, or is not found any more for "deleted".
func waitFor(id string, status string) {
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		answer, response, err := client.VPSAPI.GetVps(ctx, id).Execute()
		if status == "deleted" && response != nil && response.StatusCode == http.StatusNotFound {
			return
		}
		must(err)
		if answer.Instance.Status == status {
			return
		}
		if answer.Instance.Status == "error" {
			break
		}
	}
	fail(fmt.Sprintf("It did not become %s.", status))
}

func must(err error) {
	if answer, is := err.(*danube.GenericOpenAPIError); is {
		fail(fmt.Sprintf("%s: %s", answer.Error(), answer.Body()))
	}
	if err != nil {
		fail(err.Error())
	}
}

func fail(message string) {
	fmt.Fprintln(os.Stderr, message)
	os.Exit(1)
}
