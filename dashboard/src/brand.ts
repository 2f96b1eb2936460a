/** What the operator calls this cloud, and where customers find help. The server writes it into the page. */
interface Brand {
  name: string;
  logo: string | null;
  supportUrl: string | null;
  communityUrl: string | null;
}

const OWN: Brand = { name: 'Danube', logo: null, supportUrl: null, communityUrl: null };

function readBrand(): Brand {
  const told = document.querySelector<HTMLMetaElement>('meta[name="danube-brand"]')?.content;
  return told ? { ...OWN, ...(JSON.parse(told) as Partial<Brand>) } : OWN;
}

export const brand = readBrand();

/** Address of the logo. */
export const logo = brand.logo ?? '/favicon.svg';
