import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { useState } from 'react';
import { announcementsQuery } from '../api/announcements.ts';
import { shell } from '../text/shell.ts';
import { IconButton } from '../ui/button.tsx';

const KEY = 'danube-announcements-read';

/** What the operator tells everybody, until somebody has read it: that is kept in this browser. */
export function Announcements() {
  const { data } = useQuery(announcementsQuery);
  const [read, setRead] = useState(readIds);
  const dismiss = (id: number) => {
    const next = [...read, id].slice(-50);
    setRead(next);
    try {
      localStorage.setItem(KEY, JSON.stringify(next));
    } catch {
      // Storage may be forbidden: then it is shown again with the next page load.
    }
  };
  const shown = data?.filter(({ id }) => !read.includes(id)) ?? [];
  return shown.map(({ id, severity, text }) => (
    <div
      key={id}
      className={`flex items-center gap-3 border-b py-1 pr-2 pl-4 text-sm sm:pl-8 ${severity === 'warning' ? 'border-warn/25 bg-warn-soft text-warn' : 'border-accent/25 bg-accent-soft text-accent'}`}
    >
      <p className="min-w-0 flex-1 py-1 break-words">{text}</p>
      <IconButton label={shell.dismiss} className="text-inherit" onClick={() => dismiss(id)}>
        <X />
      </IconButton>
    </div>
  ));
}

function readIds(): readonly number[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(kept) ? kept : [];
  } catch {
    return [];
  }
}
