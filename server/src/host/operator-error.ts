/** Something that only the operator can repair: what is wrong, and what to do about it. Printed without a stack. */
export class OperatorError extends Error {
  readonly remedy: string;
  constructor(problem: string, remedy: string, options: { cause?: unknown } = {}) {
    super(problem, options);
    this.name = 'OperatorError';
    this.remedy = remedy;
  }
}
