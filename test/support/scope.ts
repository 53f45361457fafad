/** What a process or a server goes with: a test, a file of tests, or a row of the chaos suite. */
export interface Scope {
  teardown(end: () => unknown): void;
  /** Of a test: how long it may take. */
  timeout?: (milliseconds: number) => void;
}
