import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { saveCertificate } from '../api/certificate.ts';
import { answerOf, api } from '../api/client.ts';
import { tabTexts as text } from '../text/tabs.ts';
import { Button } from '../ui/button.tsx';
import { Code, Copyable } from '../ui/copy.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { SelectField } from '../ui/field.tsx';
import { Facts, Section } from '../ui/page.tsx';
import { useRefusals } from '../ui/refusals.ts';
import { tellFailure } from '../ui/toast.tsx';
import { useInstanceActions, useReasonAgainst } from './actions.ts';
import { ConnectionTest } from './connection-test.tsx';
import type { Kind } from './kinds.ts';
import { type Service, useService } from './service-tabs.tsx';
import { snippetsFor } from './snippets.ts';
import { FirewallHint } from './vps-tabs.tsx';

const readCredentials = (kind: Kind, id: string) =>
  kind.name === 'database'
    ? answerOf(
        api.GET('/database/{databaseInstance}/credentials', { params: { path: { databaseInstance: id } } }),
      )
    : answerOf(api.GET('/cache/{cacheInstance}/credentials', { params: { path: { cacheInstance: id } } }));

/** How programs connect: address, password, and code that is ready to run. */
export function ServiceConnect({ kind, id }: { kind: Kind; id: string }) {
  const service = useService(kind, id);
  const reasonAgainst = useReasonAgainst();
  const [isShown, setShown] = useState(false);
  const [isRotating, setRotating] = useState(false);
  const { data, error } = useQuery({
    queryKey: [kind.name, id, 'credentials'],
    queryFn: () => readCredentials(kind, id),
    throwOnError: false,
    gcTime: 0,
  });
  const password = isShown ? (data?.password ?? '') : '••••••••••••••••';
  return (
    <div className="grid items-start gap-6 xl:grid-cols-2">
      <div className="flex min-w-0 flex-col gap-6">
        <Section
          title={text.credentials}
          about={text.credentialsAbout}
          actions={
            <>
              <Button onClick={() => setShown(!isShown)}>
                {isShown ? text.hidePassword : text.showPassword}
              </Button>
              <Button blocked={reasonAgainst('stop', service)} onClick={() => setRotating(true)}>
                {text.rotate}
              </Button>
            </>
          }
        >
          {error && <p className="text-bad">{error.message}</p>}
          <Facts
            items={[
              [text.host, data && <Copyable text={data.host ?? ''} />],
              [text.port, data && <Copyable text={String(data.port ?? '')} />],
              [text.user, data && <Copyable text={data.username ?? ''} />],
              [text.settingsPassword, isShown ? <Copyable key="password" text={password} /> : password],
              data !== undefined &&
                'database' in data && [
                  text.database,
                  'database' in data && <Copyable text={String(data.database ?? '')} />,
                ],
              [
                text.certificate,
                <button
                  key="ca"
                  type="button"
                  className="link text-left"
                  onClick={() => void saveCertificate().catch(tellFailure)}
                >
                  {text.certificateLink}
                </button>,
              ],
            ]}
          />
          <FirewallHint path={kind.path} id={id} />
        </Section>
        <ConnectionTest kind={kind} id={id} />
        <Reachability kind={kind} service={service} />
      </div>
      {data && <Snippets service={service} data={isShown ? data : { ...data, password: 'PASSWORD' }} />}
      <RotateDialog kind={kind} id={id} open={isRotating} onClose={() => setRotating(false)} />
    </div>
  );
}

function Snippets({
  service,
  data,
}: {
  service: Service;
  data: Awaited<ReturnType<typeof readCredentials>>;
}) {
  const snippets = snippetsFor(service.provider.type, {
    host: data.host ?? '',
    port: data.port ?? 0,
    user: data.username ?? '',
    password: data.password ?? '',
    database: 'database' in data ? String(data.database ?? '') : '',
  });
  const [chosen, setChosen] = useState(0);
  const snippet = snippets[chosen] ?? snippets[0]!;
  return (
    <Section
      title={text.code}
      about={text.codeAbout}
      actions={
        <select
          aria-label={text.code}
          className="control w-auto"
          value={chosen}
          onChange={({ target }) => setChosen(Number(target.value))}
        >
          {snippets.map(({ title }, at) => (
            <option key={title} value={at}>
              {title}
            </option>
          ))}
        </select>
      }
    >
      <Code label={snippet.title} text={snippet.code} />
    </Section>
  );
}

/** Whether it can be reached from outside the team's network. */
function Reachability({ kind, service }: { kind: Kind; service: Service }) {
  const { one } = useInstanceActions(kind);
  const { change } = useRefusals();
  const [busy, setBusy] = useState(false);
  const isPublished = Boolean(service.dns_hostname);
  const toggle = async () => {
    setBusy(true);
    await one((id) => setPublished(kind, id, !isPublished), service.id).catch(tellFailure);
    setBusy(false);
  };
  return (
    <Section
      title={text.reach}
      about={text.publishAbout}
      actions={
        <Button busy={busy} blocked={change} onClick={() => void toggle()}>
          {isPublished ? text.withdraw : text.publish}
        </Button>
      }
    >
      {isPublished ? (
        <p>
          {text.published} <Copyable text={`${service.dns_hostname}:${service.dns_port}`} />
        </p>
      ) : (
        <p className="text-quiet">{text.notPublished}</p>
      )}
    </Section>
  );
}

function setPublished(kind: Kind, id: string, published: boolean): Promise<{ message: string }> {
  const database = { params: { path: { databaseInstance: id } } };
  const cache = { params: { path: { cacheInstance: id } } };
  if (kind.name === 'database') {
    return published
      ? answerOf(api.POST('/database/{databaseInstance}/dns', database))
      : answerOf(api.DELETE('/database/{databaseInstance}/dns', database));
  }
  return published
    ? answerOf(api.POST('/cache/{cacheInstance}/dns', cache))
    : answerOf(api.DELETE('/cache/{cacheInstance}/dns', cache));
}

function RotateDialog({
  kind,
  id,
  open,
  onClose,
}: {
  kind: Kind;
  id: string;
  open: boolean;
  onClose: () => void;
}) {
  const { one } = useInstanceActions(kind);
  const [overlap, setOverlap] = useState('3600');
  const [busy, setBusy] = useState(false);
  const body = { overlap_seconds: Number(overlap) };
  const rotate = (): Promise<{ message: string }> =>
    kind.name === 'database'
      ? answerOf(
          api.POST('/database/{databaseInstance}/credentials/rotate', {
            params: { path: { databaseInstance: id } },
            body,
          }),
        )
      : answerOf(
          api.POST('/cache/{cacheInstance}/credentials/rotate', {
            params: { path: { cacheInstance: id } },
            body,
          }),
        );
  const submit = async () => {
    setBusy(true);
    await one(rotate, id).then(onClose, tellFailure);
    setBusy(false);
  };
  return (
    <Dialog open={open} onClose={onClose} title={text.rotateTitle} about={text.rotateAbout}>
      <SelectField
        label={text.oldWorks}
        value={overlap}
        onValue={setOverlap}
        options={text.overlaps.map(([value, label]) => ({ value, label }))}
      />
      <div className="mt-5 flex justify-end">
        <Button look="primary" busy={busy} onClick={() => void submit()}>
          {text.rotate}
        </Button>
      </div>
    </Dialog>
  );
}
