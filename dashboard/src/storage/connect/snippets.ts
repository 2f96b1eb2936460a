/** Where a bucket is, for S3 clients. */
export interface Place {
  endpoint: string;
  region: string;
  bucket: string;
}

export interface Snippet {
  title: string;
  code: string;
}

/** Commands and code that use a bucket. All but the access key is filled in; names of buckets and addresses need no quoting. */
export function bucketSnippets(place: Place): readonly Snippet[] {
  return [...commands(place), ...programs(place)];
}

/** What command-line clients and libraries read by themselves. */
const environment = ({ region }: Place): string =>
  [
    'export AWS_ACCESS_KEY_ID=YOUR_KEY_ID AWS_SECRET_ACCESS_KEY=YOUR_SECRET',
    `export AWS_DEFAULT_REGION=${region} AWS_CA_BUNDLE=$PWD/danube-ca.pem`,
  ].join('\n');

function commands(place: Place): Snippet[] {
  const { endpoint, region, bucket } = place;
  const host = endpoint.replace(/^https?:\/\//, '');
  return [
    {
      title: 'AWS CLI',
      code: `${environment(place)}\n\naws --endpoint-url ${endpoint} s3 cp photo.jpg s3://${bucket}/\naws --endpoint-url ${endpoint} s3 ls s3://${bucket}/`,
    },
    {
      title: 'rclone',
      code: `export RCLONE_CONFIG_DANUBE_TYPE=s3 RCLONE_CONFIG_DANUBE_PROVIDER=Ceph\nexport RCLONE_CONFIG_DANUBE_ENDPOINT=${endpoint} RCLONE_CONFIG_DANUBE_REGION=${region}\nexport RCLONE_CONFIG_DANUBE_ACCESS_KEY_ID=YOUR_KEY_ID\nexport RCLONE_CONFIG_DANUBE_SECRET_ACCESS_KEY=YOUR_SECRET\nexport RCLONE_CONFIG_DANUBE_NO_CHECK_BUCKET=true RCLONE_CA_CERT=danube-ca.pem\n\nrclone copy photos danube:${bucket}/photos\nrclone ls danube:${bucket}`,
    },
    {
      title: 's3cmd',
      code: `cat >s3cfg <<EOF\n[default]\naccess_key = YOUR_KEY_ID\nsecret_key = YOUR_SECRET\nhost_base = ${host}\nhost_bucket = ${host}\nbucket_location = ${region}\nca_certs_file = $PWD/danube-ca.pem\nEOF\n\ns3cmd -c s3cfg put photo.jpg s3://${bucket}/\ns3cmd -c s3cfg ls s3://${bucket}/`,
    },
  ];
}

function programs({ endpoint, region, bucket }: Place): Snippet[] {
  const host = endpoint.replace(/^https?:\/\//, '');
  return [
    {
      title: 'Node.js',
      code: `// Run it with NODE_EXTRA_CA_CERTS=danube-ca.pem, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.\nimport { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';\n\nconst s3 = new S3Client({ endpoint: '${endpoint}', region: '${region}', forcePathStyle: true });\nawait s3.send(new PutObjectCommand({ Bucket: '${bucket}', Key: 'hello', Body: 'hello' }));`,
    },
    {
      title: 'Python',
      code: `# Run it with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.\nimport boto3\nfrom botocore.config import Config\n\ns3 = boto3.client(\n    "s3", endpoint_url="${endpoint}", region_name="${region}", verify="danube-ca.pem",\n    config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),\n)\ns3.put_object(Bucket="${bucket}", Key="hello", Body=b"hello")`,
    },
    {
      title: 'Go',
      code: `// Run it with SSL_CERT_FILE=danube-ca.pem, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
package main

import (
	"context"
	"log"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

func main() {
	s3, err := minio.New("${host}", &minio.Options{
		Creds:        credentials.NewEnvAWS(),
		Secure:       ${endpoint.startsWith('https:')},
		Region:       "${region}",
		BucketLookup: minio.BucketLookupPath,
	})
	if err != nil {
		log.Fatal(err)
	}
	body := strings.NewReader("hello")
	_, err = s3.PutObject(context.Background(), "${bucket}", "hello", body, body.Size(), minio.PutObjectOptions{})
	if err != nil {
		log.Fatal(err)
	}
}`,
    },
    {
      title: 'Ruby',
      code: `# Run it with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.\nrequire "aws-sdk-s3"\n\ns3 = Aws::S3::Resource.new(\n  endpoint: "${endpoint}", region: "${region}", force_path_style: true, ssl_ca_bundle: "danube-ca.pem",\n)\ns3.bucket("${bucket}").object("hello").put(body: "hello")`,
    },
    {
      title: 'PHP',
      code: `<?php\n// With aws/aws-sdk-php of Composer.\nrequire 'vendor/autoload.php';\n\n$s3 = new Aws\\S3\\S3Client([\n    "endpoint" => "${endpoint}", "region" => "${region}", "version" => "latest",\n    "use_path_style_endpoint" => true, "http" => ["verify" => "danube-ca.pem"],\n    "credentials" => ["key" => "YOUR_KEY_ID", "secret" => "YOUR_SECRET"],\n]);\n$s3->putObject(["Bucket" => "${bucket}", "Key" => "hello", "Body" => "hello"]);`,
    },
  ];
}
