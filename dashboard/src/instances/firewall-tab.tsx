import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Shield } from 'lucide-react';
import { firewallsQuery } from '../api/queries.ts';
import { FirewallStatus } from '../firewalls/firewall-status.tsx';
import { RuleLines } from '../firewalls/rule-lines.tsx';
import { tabTexts as text } from '../text/tabs.ts';
import { Empty, Section } from '../ui/page.tsx';
import { pathTo } from '../ui/path.ts';

/** The firewalls that an instance is behind, with their rules. */
export function FirewallTab({ id }: { id: string }) {
  const { data } = useQuery(firewallsQuery);
  const own = data?.filter(({ attached_instances }) => attached_instances.some((one) => one.id === id));
  if (!own) return <div className="skeleton h-48 w-full rounded-xl" />;
  if (own.length === 0) {
    return (
      <div className="card">
        <Empty icon={<Shield />} title={text.noFirewall}>
          {text.noFirewallAbout}
        </Empty>
      </div>
    );
  }
  return (
    <div className="flex flex-col gap-6">
      {own.map((firewall) => (
        <Section
          key={firewall.id}
          flush
          title={
            <span className="flex flex-wrap items-center gap-3">
              <Link to={pathTo('/firewalls', firewall.id)} className="hover:underline">
                {firewall.name}
              </Link>
              <FirewallStatus firewall={firewall} />
            </span>
          }
          about={text.firewallAbout}
        >
          <RuleLines firewall={firewall} />
        </Section>
      ))}
    </div>
  );
}
