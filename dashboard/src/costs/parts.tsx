import { Download } from 'lucide-react';
import { useState } from 'react';
import { common } from '../text/common.ts';
import { costsText as text } from '../text/costs.ts';
import { Button } from '../ui/button.tsx';
import { FilterSelect } from '../ui/filter.tsx';
import { Facts, Section } from '../ui/page.tsx';
import { tellFailure } from '../ui/toast.tsx';
import type { CostsPageProps } from './search.ts';

/** Chooses a month, and saves its table. */
export function MonthActions({
  search,
  onSearch,
  shown,
  months,
  save,
}: CostsPageProps & {
  /** The month that is shown. */
  shown: string | undefined;
  /** Those that there are. */
  months: readonly string[];
  /** Saves the table of a month as a file. */
  save(month: string): Promise<void>;
}) {
  const [busy, setBusy] = useState(false);
  const saveShown = async () => {
    if (!shown) return;
    setBusy(true);
    await save(shown).catch(tellFailure);
    setBusy(false);
  };
  const others = [...new Set([...months, ...(search.month ? [search.month] : [])])].sort().reverse();
  return (
    <>
      <FilterSelect
        label={text.month}
        value={search.month}
        onValue={(month) => onSearch({ month })}
        all={text.present}
        options={others.map((month) => [month, month])}
      />
      <Button icon={<Download />} busy={busy} onClick={() => void saveShown()}>
        {text.download}
      </Button>
    </>
  );
}

/** The totals of a month. */
export function Totals({
  costs,
}: {
  costs: { total_cents: number; forecast_cents: number; is_final: boolean } | undefined;
}) {
  return (
    <Section title={text.total} about={text.rule}>
      {costs ? (
        <Facts
          items={[
            [costs.is_final ? text.total : text.soFar, common.price(costs.total_cents)],
            !costs.is_final && [text.forecast, common.price(costs.forecast_cents)],
          ]}
        />
      ) : (
        <div className="skeleton h-12" />
      )}
    </Section>
  );
}
