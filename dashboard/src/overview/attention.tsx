import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { CircleCheck } from 'lucide-react';
import type { ReactNode } from 'react';
import { diagnosisQuery, operationsQuery } from '../api/queries.ts';
import { type Instance, type Kind, kindOf, type Operation } from '../instances/kinds.ts';
import { InstanceStatus } from '../instances/status.tsx';
import { operationsText } from '../text/operations.ts';
import { overviewText as text } from '../text/overview.ts';
import { Empty, Section } from '../ui/page.tsx';
import { pathTo } from '../ui/path.ts';
import { Ago } from '../ui/time.tsx';

/** How many of the instances that are not well are diagnosed at once: that asks their engines. */
const DIAGNOSED = 3;
/** How many failed operations are looked at. */
const OPERATIONS = 5;
/** For how long a failed operation is worth a look, in milliseconds. */
const RECENT_MS = 7 * 86_400_000;

interface Named {
  kind: Kind;
  instance: Instance;
}

/** What needs attention: instances that are not well, and operations that failed, restore drills among them. */
export function Attention({ instances }: { instances: readonly Named[] | undefined }) {
  const { data } = useQuery(operationsQuery({ status: 'failed', per_page: OPERATIONS }));
  const troubled = instances?.filter(({ instance }) => instance.status_details.health === 'unhealthy');
  const failed = data?.data.filter(
    ({ finished_at }) => finished_at !== null && Date.now() - Date.parse(finished_at) < RECENT_MS,
  );
  const isLoaded = troubled !== undefined && failed !== undefined;
  return (
    <Section title={text.attention} about={text.attentionAbout} flush>
      {!isLoaded && <div className="skeleton m-5 h-24" />}
      {isLoaded && troubled.length + failed.length === 0 && (
        <Empty icon={<CircleCheck />} title={text.allWell} />
      )}
      {isLoaded && (
        <ul>
          {troubled.map(({ kind, instance }, at) => (
            <Item key={instance.id} side={<InstanceStatus instance={instance} />}>
              <Link to={pathTo(kind.path, instance.id)} className="font-medium break-words hover:underline">
                {instance.name}
              </Link>
              <p className="text-sm break-words text-quiet">
                {instance.status_details.error?.message ?? instance.status_details.summary}
              </p>
              {at < DIAGNOSED && <Findings kind={kind} instance={instance} />}
              <Link to={pathTo(kind.path, instance.id, 'diagnosis')} className="link text-sm">
                {text.look}
              </Link>
            </Item>
          ))}
          {failed.map((operation) => (
            <Item key={operation.operation_id} side={<Ago at={operation.finished_at} />}>
              <p className="font-medium">{text.failed(operationsText.kind(operation.kind))}</p>
              <p className="text-sm break-words text-quiet">{operation.error?.message}</p>
              <Subject operation={operation} instances={instances ?? []} />
            </Item>
          ))}
        </ul>
      )}
    </Section>
  );
}

/** What the diagnosis of an instance finds besides, and what to do about it. */
function Findings({ kind, instance }: Named) {
  const { data } = useQuery(diagnosisQuery(kind, instance.id));
  const said = instance.status_details.error?.message;
  return data?.findings.map(({ code, summary, remediation }) => (
    <p key={code} className="text-sm break-words text-quiet">
      {summary !== said && summary} {remediation}
    </p>
  ));
}

function Item({ side, children }: { side: ReactNode; children: ReactNode }) {
  return (
    <li className="flex items-start gap-4 border-b border-line px-5 py-4 last:border-0">
      <div className="min-w-0 flex-1">{children}</div>
      <span className="shrink-0 text-sm text-quiet">{side}</span>
    </li>
  );
}

/** Where to look at what failed: the instance, or the list of operations. */
function Subject({
  operation: { resource_type, resource_id },
  instances,
}: {
  operation: Operation;
  instances: readonly Named[];
}) {
  const kind = kindOf(resource_type);
  const name = instances.find(({ instance }) => instance.id === resource_id)?.instance.name;
  return (
    <Link
      to={kind && name ? pathTo(kind.path, resource_id) : '/operations'}
      className="link text-sm break-words"
    >
      {name ?? text.operations}
    </Link>
  );
}
