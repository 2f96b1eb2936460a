export interface Access {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
}

export interface Snippet {
  title: string;
  code: string;
}

/** Commands and programs that connect to an engine and verify it, ready to run with `danube-ca.pem` beside them. */
export function snippetsFor(engine: string, access: Access): readonly Snippet[] {
  if (engine === 'postgresql') return postgresql(access);
  return engine === 'mysql' || engine === 'mariadb' ? mysql(engine, access) : redis(access);
}

const uriOf = (scheme: string, { host, port, user, password }: Access): string =>
  `${scheme}://${user}:${encodeURIComponent(password)}@${host}:${port}`;

function postgresql(access: Access): readonly Snippet[] {
  const { host, port, user, password, database } = access;
  const uri = `${uriOf('postgresql', access)}/${database}?sslmode=verify-full&sslrootcert=danube-ca.pem`;
  return [
    { title: 'psql', code: `psql "${uri}"` },
    {
      title: 'Node.js',
      code: `import { readFileSync } from 'node:fs';
import pg from 'pg';

const client = new pg.Client({
  host: '${host}',
  port: ${port},
  user: '${user}',
  password: '${password}',
  database: '${database}',
  ssl: { ca: readFileSync('danube-ca.pem') },
});
await client.connect();
console.log((await client.query('select version()')).rows);
await client.end();`,
    },
    {
      title: 'Python',
      code: `import psycopg2

with psycopg2.connect("${uri}") as connection:
    with connection.cursor() as cursor:
        cursor.execute("select version()")
        print(cursor.fetchone())`,
    },
    {
      title: 'Go',
      code: `package main

import (
	"context"
	"fmt"
	"log"

	"github.com/jackc/pgx/v5"
)

func main() {
	ctx := context.Background()
	connection, err := pgx.Connect(ctx, "${uri}")
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close(ctx)
	var version string
	if err := connection.QueryRow(ctx, "select version()").Scan(&version); err != nil {
		log.Fatal(err)
	}
	fmt.Println(version)
}`,
    },
    {
      title: 'PHP',
      code: `<?php
$db = new PDO("pgsql:host=${host};port=${port};dbname=${database};sslmode=verify-full;sslrootcert=danube-ca.pem", "${user}", "${password}");
echo $db->query("select version()")->fetchColumn(), "\\n";`,
    },
  ];
}

function mysql(engine: 'mysql' | 'mariadb', access: Access): readonly Snippet[] {
  const { host, port, user, password, database } = access;
  const verify = engine === 'mysql' ? '--ssl-mode=VERIFY_IDENTITY' : '--ssl-verify-server-cert';
  return [
    {
      title: engine,
      code: `${engine} --host=${host} --port=${port} --user=${user} --password='${password}' --ssl-ca=danube-ca.pem ${verify} ${database}`,
    },
    {
      title: 'Node.js',
      code: `import { readFileSync } from 'node:fs';
import mysql from 'mysql2/promise';

const connection = await mysql.createConnection({
  host: '${host}',
  port: ${port},
  user: '${user}',
  password: '${password}',
  database: '${database}',
  ssl: { ca: readFileSync('danube-ca.pem') },
});
console.log((await connection.query('select version()'))[0]);
await connection.end();`,
    },
    {
      title: 'Python',
      code: `import pymysql

connection = pymysql.connect(
    host="${host}", port=${port}, user="${user}", password="${password}",
    database="${database}", ssl={"ca": "danube-ca.pem"},
)
with connection.cursor() as cursor:
    cursor.execute("select version()")
    print(cursor.fetchone())`,
    },
    {
      title: 'Go',
      code: `package main

import (
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"fmt"
	"log"
	"os"

	"github.com/go-sql-driver/mysql"
)

func main() {
	ca, err := os.ReadFile("danube-ca.pem")
	if err != nil {
		log.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	config := mysql.NewConfig()
	config.Net, config.Addr = "tcp", "${host}:${port}"
	config.User, config.Passwd, config.DBName = "${user}", "${password}", "${database}"
	config.TLS = &tls.Config{RootCAs: roots, ServerName: "${host}"}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		log.Fatal(err)
	}
	var version string
	if err := sql.OpenDB(connector).QueryRow("select version()").Scan(&version); err != nil {
		log.Fatal(err)
	}
	fmt.Println(version)
}`,
    },
    {
      title: 'PHP',
      code: `<?php
$db = new PDO("mysql:host=${host};port=${port};dbname=${database}", "${user}", "${password}",
    [PDO::MYSQL_ATTR_SSL_CA => "danube-ca.pem"]);
echo $db->query("select version()")->fetchColumn(), "\\n";`,
    },
  ];
}

function redis(access: Access): readonly Snippet[] {
  const { host, port, user, password } = access;
  const uri = uriOf('rediss', access);
  return [
    { title: 'redis-cli', code: `redis-cli --tls --cacert danube-ca.pem -u ${uri}` },
    {
      title: 'Node.js',
      code: `import { readFileSync } from 'node:fs';
import { createClient } from 'redis';

const ca = readFileSync('danube-ca.pem');
const client = createClient({ url: '${uri}', socket: { tls: true, ca } });
await client.connect();
console.log(await client.ping());
client.destroy();`,
    },
    {
      title: 'Python',
      code: `import redis

client = redis.from_url("${uri}", ssl_ca_certs="danube-ca.pem")
print(client.ping())`,
    },
    {
      title: 'Go',
      code: `package main

import (
	"context"
	"crypto/x509"
	"fmt"
	"log"
	"os"

	"github.com/redis/go-redis/v9"
)

func main() {
	ca, err := os.ReadFile("danube-ca.pem")
	if err != nil {
		log.Fatal(err)
	}
	options, err := redis.ParseURL("${uri}")
	if err != nil {
		log.Fatal(err)
	}
	options.TLSConfig.RootCAs = x509.NewCertPool()
	options.TLSConfig.RootCAs.AppendCertsFromPEM(ca)
	pong, err := redis.NewClient(options).Ping(context.Background()).Result()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(pong)
}`,
    },
    {
      title: 'PHP',
      code: `<?php
$redis = new Redis();
$redis->connect("tls://${host}", ${port}, 5, null, 0, 0, ["stream" => ["cafile" => "danube-ca.pem"]]);
$redis->auth(["${user}", "${password}"]);
var_dump($redis->ping());`,
    },
  ];
}
