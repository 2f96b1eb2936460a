import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { answerOf, api } from '../api/client.ts';
import { OperationList } from '../operations/operation-list.tsx';
import { common } from '../text/common.ts';
import { tabTexts as text } from '../text/tabs.ts';
import { Button } from '../ui/button.tsx';
import { Code, Copyable } from '../ui/copy.tsx';
import { Facts, Section } from '../ui/page.tsx';
import { Ago } from '../ui/time.tsx';
import { useInstance } from './detail-frame.tsx';
import { sizeOf, type Vps, vpsKind } from './kinds.ts';

export const useVps = (id: string): Vps => useInstance(vpsKind, id) as Vps;

/** What a server is, and what has been done with it. */
export function VpsOverview({ id }: { id: string }) {
  const vps = useVps(id);
  return (
    <div className="grid items-start gap-6 xl:grid-cols-[3fr_2fr]">
      <Section title={text.facts}>
        <Facts
          items={[
            [text.address4, vps.public_ip && <Copyable text={vps.public_ip} />],
            [text.address6, vps.ipv6_address && <Copyable text={vps.ipv6_address} />],
            [text.size, sizeOf(vps)],
            [text.plan, vps.resource_profile],
            [text.image, vps.image],
            [text.login, vps.auth_method === 'ssh_key' ? text.loginKey : text.loginPassword],
            [text.datacenter, vps.datacenter],
            [text.cost, `${common.price(vps.monthly_cost_cents)} ${common.month}`],
            [text.created, <Ago key="created" at={vps.created_at} />],
            [text.id, <Copyable key="id" text={vps.id} />, 'wide'],
          ]}
        />
      </Section>
      <OperationList resourceId={id} />
    </div>
  );
}

/** How to log in. */
export function VpsConnect({ id }: { id: string }) {
  const vps = useVps(id);
  const host = vps.public_ip ?? vps.ipv6_address;
  return (
    <div className="flex flex-col gap-6">
      <Section title={text.ssh} about={text.sshAbout}>
        {host && <Code label={text.ssh} text={`ssh root@${host}`} />}
        <FirewallHint path="/vps" id={id} />
      </Section>
      <Section title={text.password} about={text.passwordAbout}>
        {vps.auth_method === 'password' ? (
          <RootPassword id={id} />
        ) : (
          <p className="text-quiet">{text.noPassword}</p>
        )}
      </Section>
    </div>
  );
}

export function FirewallHint({ path, id }: { path: string; id: string }) {
  return (
    <p className="mt-3 text-sm text-quiet">
      {text.firewallHint}{' '}
      <Link to={`${path}/${id}/firewall` as string} className="link">
        {text.firewallLink}
      </Link>
      .
    </p>
  );
}

/** The password of root, once somebody asks for it. */
export function RootPassword({ id }: { id: string }) {
  const [isWanted, setWanted] = useState(false);
  const { data, isFetching, error } = useQuery({
    queryKey: ['vps', id, 'password'],
    queryFn: () =>
      answerOf(api.GET('/vps/{vpsInstance}/password', { params: { path: { vpsInstance: id } } })),
    enabled: isWanted,
    // Not kept once nobody looks at it.
    gcTime: 0,
    throwOnError: false,
  });
  if (data) return <Copyable text={data.password ?? ''} />;
  return (
    <>
      <Button busy={isFetching} onClick={() => setWanted(true)}>
        {text.reveal}
      </Button>
      {error && <p className="mt-2 text-sm text-bad">{error.message}</p>}
    </>
  );
}

const LOGS = ['console', 'cloud-init', 'cloud-init-output'] as const;

/** What a server has written on its console, and what cloud-init did. */
export function VpsLogs({ id }: { id: string }) {
  const [log, setLog] = useState<(typeof LOGS)[number]>('console');
  const { data, isFetching, refetch } = useQuery({
    queryKey: ['vps', id, 'log', log],
    queryFn: () =>
      answerOf(api.GET('/vps/{vpsInstance}/logs', { params: { path: { vpsInstance: id }, query: { log } } })),
  });
  const said = data?.data.text;
  return (
    <Section
      title={text.logs}
      about={text.logsAbout[log]}
      actions={
        <>
          <select
            aria-label={text.logs}
            className="control w-auto"
            value={log}
            onChange={({ target }) => setLog(target.value as typeof log)}
          >
            {LOGS.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
          <Button busy={isFetching} onClick={() => void refetch()}>
            {text.readAgain}
          </Button>
        </>
      }
    >
      {said ? (
        <Code label={log} text={said} />
      ) : (
        <p className="min-h-24 text-quiet">
          {data ? (data.error?.message ?? data.meta.reason ?? text.noLog) : '\u00a0'}
        </p>
      )}
    </Section>
  );
}
