/** Told about slow work as it goes: a sentence, and per cent of the whole where known. */
export type Progress = (message: string, percent?: number) => void;
