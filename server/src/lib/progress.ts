/** Reports the progress of slow work: a sentence, and the percentage where known. */
export type Progress = (message: string, percent?: number) => void;
