import { useQuery } from '@tanstack/react-query';
import { Outlet } from '@tanstack/react-router';
import { accountQuery } from '../api/account.ts';
import { operatorText as text } from '../text/operator.ts';
import { shell } from '../text/shell.ts';
import { Notice } from '../ui/notice.tsx';
import { PageHeader } from '../ui/page.tsx';

/** Stands around the pages of operators: others learn that these are not for them. */
export function OperatorFrame() {
  const { data: account } = useQuery(accountQuery);
  if (account?.operator) return <Outlet />;
  return (
    <>
      <PageHeader title={shell.groups.install} />
      <Notice tone="warn">{text.forbidden}</Notice>
    </>
  );
}
