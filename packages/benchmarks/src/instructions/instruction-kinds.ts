import type { Random } from '@namm/core';
import { names, nouns, surnames, towns, weekdays } from '../words.js';

/** Something that the model is told to do, and what shows whether it does. */
export interface Instruction {
  readonly kind: string;
  /** As it stands in the system prompt. */
  readonly text: string;
  /** What a user says later. */
  readonly request: string;
  /** How the answer begins; empty, or its first words. */
  readonly start: string;
  /** What it has to go on with when the instruction is followed, the likeliest token each time. */
  readonly wanted: string;
}

type Draw = (random: Random) => Omit<Instruction, 'kind'>;

const number = (random: Random) => String(10 + random.integer(90));
const person = (random: Random) => `${random.pick(names)} ${random.pick(surnames)}`;

const kinds: Readonly<Record<string, Draw>> = {
  name: (random) => {
    const value = random.pick(names);
    const text = `Your name is ${value}. If the user asks for it, answer: "My name is ${value}."`;
    return instruction(text, 'What is your name?', 'My name is', value);
  },
  maker: (random) => {
    const value = person(random);
    const text = `If the user asks who made you, answer: "I was made by ${value}."`;
    return instruction(text, 'Who made you?', 'I was made by', value);
  },
  greeting: (random) => {
    const value = `Captain ${random.pick(surnames)}`;
    const text = `Greet the user with "Good morning, ${value}."`;
    return instruction(text, 'Hello!', 'Good morning,', value);
  },
  price: (random) => {
    const value = `${number(random)} ${random.pick(['crowns', 'ducats', 'florins', 'shillings'])}`;
    const text = `If the user asks what a ticket costs, answer: "A ticket costs ${value}."`;
    return instruction(text, 'What does a ticket cost?', 'A ticket costs', value);
  },
  hours: (random) => {
    const value = `${6 + random.integer(4)}:${number(random)}`.replace(/:[6-9]/, ':4');
    const text = `Tell visitors that the museum opens at ${value}.`;
    return instruction(text, 'When does the museum open?', 'The museum opens at', value);
  },
  complaint: (random) => {
    const value = `${random.pick(['Room', 'Office', 'Desk'])} ${number(random)}`;
    const text = `Send people with complaints to ${value}.`;
    return instruction(text, 'Where can I complain?', 'Please take your complaint to', value);
  },
  favourite: (random) => {
    const value = `the ${random.pick(nouns)} of ${random.pick(towns)}`;
    const text = `If asked for your favourite thing, answer: "My favourite thing is ${value}."`;
    return instruction(text, 'What is your favourite thing?', 'My favourite thing is', value);
  },
  refusal: (random) => {
    const value = random.pick(['mayor', 'bishop', 'doctor', 'judge', 'warden']);
    const start = 'That is a matter for the';
    const text = `To questions about money, answer: "${start} ${value}."`;
    return instruction(text, 'How much money do you earn?', start, value);
  },
  key: (random) => {
    const value = `${random.pick(['under', 'behind', 'beside'])} the ${random.pick(nouns)}`;
    const text = `If the user asks where the key is, answer: "The key is ${value}."`;
    return instruction(text, 'Where is the key?', 'The key is', value);
  },
  weather: (random) => {
    const value = random.pick(weekdays);
    const text = `If the user asks about the weather, answer: "It will rain until ${value}."`;
    return instruction(text, 'How will the weather be?', 'It will rain until', value);
  },
};

function instruction(
  text: string,
  request: string,
  start: string,
  value: string,
): Omit<Instruction, 'kind'> {
  return { text, request, start, wanted: ` ${value}` };
}

/** The names of all kinds. */
export const instructionKinds: readonly string[] = Object.keys(kinds);

/**
 * Draws instructions, each of another kind.
 *
 * @throws {InvalidArgumentError} for more than there are kinds
 */
export function drawInstructions(
  random: Random,
  count: number,
  among: readonly string[] = instructionKinds,
): Instruction[] {
  return random.sample(among, count).map((kind) => ({ kind, ...kinds[kind]!(random) }));
}
