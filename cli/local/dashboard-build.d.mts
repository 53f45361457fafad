/** Builds the dashboard into `dist/dashboard` unless it is there and current. */
export function buildDashboard(root: string, node: string, say?: (line: string) => void): void;
