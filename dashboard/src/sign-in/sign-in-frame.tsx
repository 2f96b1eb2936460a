import type { ReactNode } from 'react';
import { brand, logo } from '../brand.ts';
import { common } from '../text/common.ts';
import { signIn as text } from '../text/sign-in.ts';
import { PageHeader } from '../ui/page.tsx';

/** What stands around the pages for those who are not signed in. */
export function SignInFrame({
  title,
  about,
  children,
}: {
  title: string;
  about?: string;
  children?: ReactNode;
}) {
  return (
    <main className="grid min-h-dvh grid-rows-[1fr_auto_1.4fr_auto] justify-items-center px-4 py-8">
      <div className="row-start-2 w-full max-w-96">
        <p className="mb-5 flex items-center gap-2.5 px-1 text-lg font-semibold tracking-tight">
          <img src={logo} alt="" className="size-7" />
          {common.product}
        </p>
        <div className="card p-6 shadow-float sm:p-7">
          <PageHeader title={title} about={about} />
          {children}
        </div>
      </div>
      <p className="row-start-4 flex flex-wrap gap-x-5 text-sm text-quiet">
        <FooterLink href="/docs">{text.docs}</FooterLink>
        {brand.supportUrl && <FooterLink href={brand.supportUrl}>{text.support}</FooterLink>}
        {brand.communityUrl && <FooterLink href={brand.communityUrl}>{text.community}</FooterLink>}
      </p>
    </main>
  );
}

function FooterLink({ href, children }: { href: string; children: string }) {
  return (
    <a href={href} className="hover:text-ink hover:underline">
      {children}
    </a>
  );
}
