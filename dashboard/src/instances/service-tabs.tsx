import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { answerOf, api } from '../api/client.ts';
import { OperationList } from '../operations/operation-list.tsx';
import { common } from '../text/common.ts';
import { tabTexts as text } from '../text/tabs.ts';
import { Button } from '../ui/button.tsx';
import { Code, Copyable } from '../ui/copy.tsx';
import { Notice } from '../ui/notice.tsx';
import { Facts, Section } from '../ui/page.tsx';
import { Ago } from '../ui/time.tsx';
import { addressOf, softwareOf } from './columns.tsx';
import { useInstance } from './detail-frame.tsx';
import { type Cache, type Database, type Kind, sizeOf } from './kinds.ts';

export type Service = Database | Cache;
export const useService = (kind: Kind, id: string): Service => useInstance(kind, id) as Service;

/** What a database or cache is, and what has been done with it. */
export function ServiceOverview({ kind, id }: { kind: Kind; id: string }) {
  const service = useService(kind, id);
  const address = addressOf(service);
  return (
    <div className="grid items-start gap-6 xl:grid-cols-[3fr_2fr]">
      <div className="flex flex-col gap-6">
        {service.pending_restart.length > 0 && (
          <Notice tone="warn" title={text.pendingRestart}>
            <code className="font-mono text-sm break-words">{service.pending_restart.join(', ')}</code>
          </Notice>
        )}
        <Section title={text.facts}>
          <Facts
            items={[
              [text.address, address && <Copyable text={address} />],
              [text.port, service.connection_port && <Copyable text={String(service.connection_port)} />],
              [text.engine, softwareOf(service)],
              [text.size, sizeOf(service)],
              [text.plan, service.resource_profile],
              'username' in service && [text.user, service.username && <Copyable text={service.username} />],
              'database_name' in service && [
                text.database,
                service.database_name && <Copyable text={service.database_name} />,
              ],
              [text.datacenter, service.datacenter],
              [text.cost, `${common.price(service.monthly_cost_cents)} ${common.month}`],
              [text.created, <Ago key="created" at={service.created_at} />],
              [text.id, <Copyable key="id" text={service.id} />, 'wide'],
            ]}
          />
        </Section>
      </div>
      <OperationList resourceId={id} />
    </div>
  );
}

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
type Level = (typeof LEVELS)[number];

function readLogs(kind: Kind, id: string, level: Level) {
  const query = { level, limit: 500 };
  return kind.name === 'database'
    ? answerOf(
        api.GET('/database/{databaseInstance}/logs', { params: { path: { databaseInstance: id }, query } }),
      )
    : answerOf(api.GET('/cache/{cacheInstance}/logs', { params: { path: { cacheInstance: id }, query } }));
}

/** What the engine has written. */
export function ServiceLogs({ kind, id }: { kind: Kind; id: string }) {
  const [level, setLevel] = useState<Level>('info');
  const { data, isFetching, refetch } = useQuery({
    queryKey: [kind.name, id, 'logs', level],
    queryFn: () => readLogs(kind, id, level),
  });
  const lines = data?.data.entries.map(({ timestamp, message }) => `${timestamp}  ${message}`) ?? [];
  return (
    <Section
      title={text.logs}
      about={text.engineLogs}
      actions={
        <>
          <select
            aria-label={text.level}
            className="control w-auto"
            value={level}
            onChange={({ target }) => setLevel(target.value as Level)}
          >
            {LEVELS.map((name) => (
              <option key={name} value={name}>
                {text.levels[name]}
              </option>
            ))}
          </select>
          <Button busy={isFetching} onClick={() => void refetch()}>
            {text.readAgain}
          </Button>
        </>
      }
    >
      {lines.length > 0 ? (
        <Code label={text.logs} text={lines.join('\n')} />
      ) : (
        <p className="min-h-24 text-quiet">
          {data ? (data.error?.message ?? data.meta.reason ?? text.noLog) : '\u00a0'}
        </p>
      )}
    </Section>
  );
}
