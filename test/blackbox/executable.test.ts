import { emptyFolder, startGroxy } from '../support/executable'
import { blackbox } from './suite'
import { environmentOf } from './world'

blackbox('the executable, over a file', (fakes) => startGroxy(emptyFolder(), environmentOf(fakes)))
