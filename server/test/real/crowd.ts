import { createConnection as connectTcp, type Socket } from 'node:net';
import { createConnection as connectMysql } from 'mysql2/promise';
import pg from 'pg';
import type { Login } from './diagnosis-world.ts';

/** More than any engine of the smallest plan lets in. */
const MANY = 400;
const TLS = { rejectUnauthorized: false };

type Close = () => unknown;

/** Holds all connections that an engine gives to a customer until `work` has ended. */
export async function crowded(
  engine: 'cache' | 'database' | 'mysql',
  login: Login,
  work: () => Promise<void>,
): Promise<void> {
  const close = await { cache: fillCache, database: fillPostgres, mysql: fillMysql }[engine](login);
  try {
    await work();
  } finally {
    await close();
  }
}

/** A cache ends the connections that it does not let in, so they are made again as long as it lasts. */
async function fillCache({ host }: Login): Promise<Close> {
  const sockets = new Set<Socket>();
  const fill = (): void => {
    while (sockets.size < MANY) {
      const socket = connectTcp(6379, host);
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    }
  };
  fill();
  const filling = setInterval(fill, 200);
  return () => {
    clearInterval(filling);
    for (const socket of sockets) socket.destroy();
  };
}

const fillPostgres = ({ connection_info }: Login): Promise<Close> =>
  untilRefused(async () => {
    const connectionString = connection_info.replace(/\?.*/, '');
    const client = new pg.Client({ connectionString, ssl: TLS });
    client.on('error', () => undefined);
    await client.connect();
    return () => client.end();
  });

const fillMysql = ({ host, username, password }: Login): Promise<Close> =>
  untilRefused(async () => {
    const connection = await connectMysql({ host, user: username, password, ssl: TLS });
    connection.on('error', () => undefined);
    return () => connection.end();
  });

/** Opens connections until one is refused; returns what closes them all. */
async function untilRefused(open: () => Promise<Close>): Promise<Close> {
  const opened: Close[] = [];
  const closeAll = () => Promise.all(opened.map((close) => close()));
  let refused: unknown = null;
  while (refused === null && opened.length < MANY) {
    try {
      opened.push(await open());
    } catch (error) {
      refused = error;
    }
  }
  if (/too many|remaining connection slots/i.test(String(refused))) return closeAll;
  await closeAll();
  throw new Error(`After ${opened.length} connections: ${refused ?? 'nothing was refused'}.`);
}
