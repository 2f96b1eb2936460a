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

/** Commands and code that connect to an engine, ready to run. Passwords are the only part that may need quoting. */
export function snippetsFor(engine: string, access: Access): readonly Snippet[] {
  const { host, port, user, password, database } = access;
  const secret = encodeURIComponent(password);
  if (engine === 'postgresql') {
    const uri = `postgresql://${user}:${secret}@${host}:${port}/${database}?sslmode=require`;
    return [
      { title: 'psql', code: `psql "${uri}"` },
      {
        title: 'Node.js',
        code: `import pg from 'pg';\n\nconst client = new pg.Client('${uri}');\nawait client.connect();\nconsole.log((await client.query('select version()')).rows);`,
      },
      {
        title: 'Python',
        code: `import psycopg2\n\nwith psycopg2.connect("${uri}") as connection:\n    with connection.cursor() as cursor:\n        cursor.execute("select version()")\n        print(cursor.fetchone())`,
      },
      { title: 'Go', code: `db, err := sql.Open("pgx", "${uri}")` },
      {
        title: 'PHP',
        code: `$db = new PDO("pgsql:host=${host};port=${port};dbname=${database};sslmode=require", "${user}", "${password}");`,
      },
    ];
  }
  if (engine === 'mysql' || engine === 'mariadb') {
    const program = engine === 'mysql' ? 'mysql' : 'mariadb';
    return [
      {
        title: program,
        code: `${program} --host=${host} --port=${port} --user=${user} --password='${password}' --ssl ${database}`,
      },
      {
        title: 'Node.js',
        code: `import mysql from 'mysql2/promise';\n\nconst connection = await mysql.createConnection({\n  host: '${host}',\n  port: ${port},\n  user: '${user}',\n  password: '${password}',\n  database: '${database}',\n  ssl: { ca },\n});`,
      },
      {
        title: 'Python',
        code: `import pymysql\n\nconnection = pymysql.connect(\n    host="${host}", port=${port}, user="${user}", password="${password}",\n    database="${database}", ssl={"ca": "danube-ca.pem"},\n)`,
      },
      {
        title: 'Go',
        code: `db, err := sql.Open("mysql", "${user}:${password}@tcp(${host}:${port})/${database}?tls=danube")`,
      },
      {
        title: 'PHP',
        code: `$db = new PDO("mysql:host=${host};port=${port};dbname=${database}", "${user}", "${password}",\n    [PDO::MYSQL_ATTR_SSL_CA => "danube-ca.pem"]);`,
      },
    ];
  }
  const uri = `rediss://${user}:${secret}@${host}:${port}`;
  return [
    { title: 'redis-cli', code: `redis-cli --tls --cacert danube-ca.pem -u ${uri}` },
    {
      title: 'Node.js',
      code: `import { createClient } from 'redis';\n\nconst client = createClient({ url: '${uri}', socket: { tls: true, ca } });\nawait client.connect();`,
    },
    {
      title: 'Python',
      code: `import redis\n\nclient = redis.from_url("${uri}", ssl_ca_certs="danube-ca.pem")\nprint(client.ping())`,
    },
    {
      title: 'Go',
      code: `client := redis.NewClient(&redis.Options{\n\tAddr: "${host}:${port}", Username: "${user}", Password: "${password}", TLSConfig: config,\n})`,
    },
    {
      title: 'PHP',
      code: `$redis = new Redis();\n$redis->connect("tls://${host}", ${port});\n$redis->auth(["${user}", "${password}"]);`,
    },
  ];
}
