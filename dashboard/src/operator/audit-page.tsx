import { answerOf, api } from '../api/client.ts';
import { saveAnswer } from '../api/files.ts';
import { AuditLog } from '../audit/audit-page.tsx';
import type { AuditSearch } from '../audit/search.ts';
import { operatorText } from '../text/operator.ts';

/** Who has changed what in any team, and what operators did. */
export function InstallAuditPage(props: { search: AuditSearch; onSearch: (change: AuditSearch) => void }) {
  return (
    <AuditLog
      {...props}
      title={operatorText.audit.title}
      about={operatorText.audit.about}
      log="operator audit"
      read={(query) => answerOf(api.GET('/operator/audit', { params: { query } }))}
      save={() => saveAnswer('/operator/audit/export', 'audit-log-of-the-install.jsonl')}
    />
  );
}
