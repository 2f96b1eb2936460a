/** What an e-mail says, in words of its reader. */
export interface Letter {
  paragraphs: readonly string[];
  /** A button, in the text a line with the address. */
  action?: { label: string; url: string };
  /** Why the reader gets it, and what to do about that. */
  footer: string;
}

/** An e-mail's text and its HTML, which say the same. */
export const renderMail = (letter: Letter): { text: string; html: string } => ({
  text: textOf(letter),
  html: htmlOf(letter),
});

function textOf({ paragraphs, action, footer }: Letter): string {
  const link = action ? [`${action.label}:\n${action.url}`] : [];
  return `${[...paragraphs, ...link, `-- \n${footer}`].join('\n\n')}\n`;
}

/** Styles are inline and few, as mail programs know little CSS. */
function htmlOf({ paragraphs, action, footer }: Letter): string {
  const button = action
    ? `<p><a href="${escapeHtml(action.url)}" style="display:inline-block;padding:10px 18px;border-radius:6px;` +
      `background:#1d4ed8;color:#ffffff;text-decoration:none">${escapeHtml(action.label)}</a></p>` +
      `<p style="font-size:13px;color:#4b5563">${escapeHtml(action.url)}</p>`
    : '';
  return (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"></head>' +
    '<body style="margin:0;padding:24px;font-family:sans-serif;font-size:15px;line-height:1.5;color:#111827">' +
    paragraphs.map((text) => `<p>${escapeHtml(text).replaceAll('\n', '<br>')}</p>`).join('') +
    `${button}<p style="margin-top:32px;font-size:13px;color:#4b5563">${escapeHtml(footer)}</p></body></html>`
  );
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
