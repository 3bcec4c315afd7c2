/** Remembers answers in a map, each by its question. */
interface Answers<Question, Answer> {
  get(question: Question): Answer | undefined;
  has(question: Question): boolean;
  set(question: Question, answer: Answer): unknown;
}

/** The answer to a question; found once, and also remembered where it is undefined. */
export function remembered<Question, Answer>(
  answers: Answers<Question, Answer>,
  question: Question,
  find: (question: Question) => Answer,
): Answer {
  const known = answers.get(question);
  if (known !== undefined || answers.has(question)) return known as Answer;
  const answer = find(question);
  answers.set(question, answer);
  return answer;
}
