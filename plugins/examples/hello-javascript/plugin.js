// Every exported function is an action.
export function greet(input) {
  return { greeting: `Hello, ${input?.name ?? 'world'}!`, runtime: 'javascript' };
}
