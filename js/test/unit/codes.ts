// All codes of the client, for the tests.
import { GoSentences, LoaderSentences } from "../../src/wire.gen";

export const Sentences = { ...LoaderSentences, ...GoSentences };
