import { common } from '../text/common.ts';
import { createText as text } from '../text/create.ts';
import { Choice } from '../ui/field.tsx';
import { Section } from '../ui/page.tsx';

export interface Plan {
  resource_profile: string;
  display_name: string;
  cpu_cores: number;
  memoryGb: number;
  storage_size_gb: number | null;
  monthly_cost_cents: number;
  cpu_allocation_type?: string;
}

/** The sizes to choose from, each with its price. */
export function PlanChoice({
  plans,
  value,
  onValue,
  errors,
}: {
  plans: readonly Plan[] | undefined;
  value: string;
  onValue: (value: string) => void;
  errors: readonly string[] | undefined;
}) {
  return (
    <Section title={text.plan} about={text.planAbout}>
      <Choice
        legend={text.plan}
        space="h-80"
        value={value}
        onValue={onValue}
        errors={errors}
        options={plans?.map((plan) => ({
          value: plan.resource_profile,
          title: plan.display_name,
          side: common.price(plan.monthly_cost_cents),
          detail: detailOf(plan),
        }))}
      />
    </Section>
  );
}

export const detailOf = ({ cpu_cores, memoryGb, storage_size_gb, cpu_allocation_type }: Plan): string =>
  `${cpu_cores} ${cpu_allocation_type === 'dedicated' ? text.dedicated : ''}vCPU · ${Number(memoryGb.toFixed(2))} GB${storage_size_gb ? ` · ${storage_size_gb} GB disk` : ''}`;
