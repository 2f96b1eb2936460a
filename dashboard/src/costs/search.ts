export interface CostsSearch {
  /** Such as 2026-11; the present one where it is left out. */
  month?: string | undefined;
}

export const readCostsSearch = (search: Record<string, unknown>): CostsSearch => ({
  month:
    typeof search.month === 'string' && /^20\d\d-(0[1-9]|1[0-2])$/.test(search.month)
      ? search.month
      : undefined,
});

export interface CostsPageProps {
  search: CostsSearch;
  onSearch: (change: CostsSearch) => void;
}
