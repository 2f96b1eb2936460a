import { Link } from '@tanstack/react-router';
import { common } from '../text/common.ts';
import { texts } from '../text/instances.ts';
import { CopyButton } from '../ui/copy.tsx';
import { pathTo } from '../ui/path.ts';
import type { Column } from '../ui/table.tsx';
import { AgoCell } from '../ui/time.tsx';
import { type Instance, type Kind, sizeOf } from './kinds.ts';
import { InstanceStatus } from './status.tsx';

/** The columns of a list of instances. */
export const columnsOf = (kind: Kind): Column<Instance>[] => [
  {
    id: 'name',
    title: common.name,
    sort: ({ name }) => name,
    cell: (instance) => (
      <div className="max-w-36 min-w-24 sm:max-w-48 xl:max-w-56 2xl:max-w-72">
        <Link to={pathTo(kind.path, instance.id)} className="block truncate font-medium hover:underline">
          {instance.name}
        </Link>
        <span className="block truncate text-sm text-quiet md:hidden">{softwareOf(instance)}</span>
      </div>
    ),
  },
  {
    id: 'status',
    title: common.status,
    sort: ({ status_label }) => status_label,
    cell: (instance) => <InstanceStatus instance={instance} />,
  },
  {
    id: 'software',
    title: kind.name === 'vps' ? texts.image : texts.engine,
    from: 'md',
    sort: softwareOf,
    cell: (instance) => <span className="whitespace-nowrap">{softwareOf(instance)}</span>,
  },
  {
    id: 'size',
    title: texts.size,
    from: 'xl',
    sort: ({ cpu_cores, monthly_cost_cents }) => cpu_cores * 1e7 + monthly_cost_cents,
    cell: (instance) => <span className="whitespace-nowrap text-quiet">{sizeOf(instance)}</span>,
  },
  {
    id: 'address',
    title: texts.address,
    from: 'md',
    cell: (instance) => <Address text={addressOf(instance)} />,
  },
  {
    id: 'cost',
    title: texts.cost,
    from: 'sm',
    right: true,
    sort: ({ monthly_cost_cents }) => monthly_cost_cents,
    cell: ({ monthly_cost_cents }) => common.price(monthly_cost_cents),
  },
  {
    id: 'created',
    title: common.created,
    from: '2xl',
    right: true,
    sort: ({ created_at }) => created_at,
    cell: ({ created_at }) => <AgoCell at={created_at} />,
  },
];

export function softwareOf(instance: Instance): string {
  return 'image' in instance ? instance.image : `${instance.provider.name} ${instance.version}`;
}

export function addressOf(instance: Instance): string | null {
  if ('public_ip' in instance) return instance.public_ip ?? instance.ipv6_address;
  return instance.connection_host;
}

function Address({ text }: { text: string | null }) {
  if (!text) return <span className="text-quiet">–</span>;
  return (
    <span className="inline-flex items-center gap-1">
      <code className="font-mono text-[0.8667rem] whitespace-nowrap">{text}</code>
      <CopyButton text={text} />
    </span>
  );
}
