// All texts of the page in English. Another language is another file of the same keys.

const cls = (k) => `class ${k}`;

export const en = {
  code: 'en',
  name: 'English',
  title: 'What losses settle to',
  cls,
  group: (number) => `group ${number}`,
  aria: { scenes: 'Scenes', tools: 'Page', panel: 'Claim and controls', presets: 'Presets', controls: 'Controls', stage: 'Pictures' },
  tools: {
    reset: ['Reset', 'The scene as it starts'],
    undo: ['Undo', 'One move back (Ctrl+Z); forward again: Ctrl+Shift+Z'],
    link: ['Copy link', 'A link that reproduces what is seen'],
    copied: 'Copied',
    address: 'See the address',
    design: ['Save design', 'The design as a file for equipoise run'],
    slide: ['Save slide', 'The scene as a slide (SVG)'],
    deck: ['Save slides', 'A slide of every scene, as one page to show or to print'],
    exercises: ['Exercises', 'exercises.html'],
    keep: ['Keep offline', 'Keep the page on this device, for when there is no network'],
    kept: 'Available offline',
    notKept: 'Cannot be kept',
    tour: ['Tour', 'Five steps through the page'],
    quiz: ['Quiz', 'Predict, then reveal'],
    projector: ['Projector', 'Large type for a screen on a wall'],
    theme: ['Dark / light', 'Dark or light'],
    language: 'This page in another language',
  },
  save: { picture: 'Save as SVG' },
  status: {
    none: 'no answer',
    gradient: ', largest gradient entry ',
    end: '. ',
    of: (name) => `${name}: `,
    stationary: 'stationary',
    stopped: 'stopped short',
    gone: 'The program does not answer. Is `equipoise teach` still running?',
    noSolver: 'This browser cannot run the solver; use a newer one',
    tooLong: 'This took too long; ask for less.',
    upset: 'This lesson has upset the solver; change something',
    options: 'What begins with -- is an option of the command line; here, use the controls or change the file.',
  },
  // Sentences of the solver, which speaks English, each with its translation: `{1}` is what varies, in which `{1+}` is a sentence that
  // is translated too. What is not there stays as it is. In English those are here that name options which the page does not have.
  said: [
    ['{1}: {2}', '{1}: {2+}'],
    ['the cell is empty; fill it in, or give `missing` drop-row or `missing` indicator', 'the cell is empty; fill it in, or choose what is done about missing values'],
    ['{1} marks a missing value; fill it in, or give `missing` drop-row or `missing` indicator', '{1} marks a missing value; fill it in, or choose what is done about missing values'],
    ['{1} is not finite; replace it, or leave out the row or the column (`drop` {2})', '{1} is not finite; replace it, or leave out the row or the column'],
    ['{1}; fill it in, or leave out rows without a label with `missing` drop-row{2}', '{1}; fill it in, or choose to drop rows with missing values'],
    ['is UTF-16 without a byte-order mark; give `encoding` {1}', 'is UTF-16 without a byte-order mark; save it in UTF-8'],
    ['is no table that can be read: it holds zero bytes; give CSV, Parquet, NPY, NPZ or safetensors', 'is no table that can be read: it holds zero bytes; save it as CSV'],
    ['{1} is neither the number of a class nor a heading{2}; `class_names` gives the classes other names, in the order of the columns', '{1} is neither the number of a class nor a heading{2}; give columns of scores the names of their classes (beside one column for two classes, labels are 0 and 1)'],
    ['{1} or name the loss and weights of training; `recalibrate` shows what the intercepts alone would mend.', '{1} or name the loss and weights of training.'],
    ['add a penalty such as `l2` 1e-3', 'raise the penalty'],
    ['raise `l2` above {1}', 'raise the penalty above {1}'],
    ['{1}, or leave out the features that separate the classes', '{1+}, or leave out the features that separate the classes'],
    ['rescale features of extreme size, or {1}', 'rescale features of extreme size, or {1+}'],
    ['class {1} has one sample, whose recall is 0 or 1; use equal-shortfall, or equal-recall without that class', 'class {1} has one sample, whose recall is 0 or 1; choose shortfalls, or leave that class out'],
    ['{1}; give `probabilities` if they are', '{1}; choose Probabilities if they are'],
    ['{1}; if they are, divide by 100 and give `probabilities`', '{1}; if they are, divide by 100 and choose Probabilities'],
    ['their headings speak of probabilities; they are read as logits unless `probabilities` is given', 'their headings speak of probabilities; they are read as logits unless you choose Probabilities'],
  ],
  losses: { logistic: 'logistic (LGL)', softmax: 'softmax (SML)', inr: 'reweighted (LGL-INR)' },
  lossLines: { logistic: ['logistic', 'LGL'], softmax: ['softmax', 'SML'], inr: ['reweighted', 'LGL-INR'] },
  ledger: { out: (name) => `out of ${name}`, into: (name) => `into ${name}`, unit: 'weighted samples', worst: 'Worst difference, relative:' },
  columns: {
    axis: 'mean probability of the target, P[c][0]',
    says: (hardest, average) => `hardest ${hardest}, average ${average}`,
  },
  plane: { handle: (k) => `Centre of class ${k}; arrow keys move it` },
  triangle: {
    handle: 'Outflows wanted; arrow keys move them',
    corner: (name) => `all out of ${name}`,
    share: (share) => `share ${share}`,
    admissible: 'admissible',
  },
  matrix: {
    rows: 'true class c',
    columns: 'predicted class k',
    own: 'Mean probability of the own class',
    cell: (row, column, value) => `Samples of ${row}, probability of ${column}: ${value}. Show them.`,
  },
  effects: {
    rows: 'more weight on class',
    columns: 'own mean probability of',
    raises: (weight, other) => `weight on ${weight} raises ${other}`,
    lowers: 'Every weight lowers every other class',
  },
  tour: {
    next: 'Next',
    end: 'Done',
    step: (step, all) => `${step} of ${all}`,
    steps: [
      ['#two-classes', '#claim', 'Each scene shows one claim. Here: sizes and weights alone fix the ratio of the two mean errors.'],
      ['#two-classes', '#picture-plane', 'Drag a class centre, or focus it and press arrow keys. The problem is solved again at every move, until the gradient is zero.'],
      ['#two-classes?w=10', '#picture-errors', 'Now a positive counts ten times. Both mean errors are equal: the tick is where the law puts the first.'],
      ['#two-classes?c0=-2.5,0&c1=2.5,0', '#controls', 'Classes that a line separates have no answer without a penalty, and the page says so. Raise the penalty to get one.'],
      ['#two-classes', '#tools', 'Copy a link to any state, save the design for the command line, or be asked for predictions first (Quiz).'],
    ],
  },
  quiz: {
    question: (number, all) => `Question ${number} of ${all}`,
    predict: 'Your prediction',
    reveal: 'Reveal',
    next: 'Next question',
    says: (predicted, found) => `You said ${predicted}. It is ${found}.`,
    found: (found) => `It is ${found}.`,
    zero: (found) => `zero, to rounding (${found})`,
  },
  scenes: {
    twoClasses: {
      name: 'Two classes',
      claim: `<p>Where the gradient of the logistic loss is zero, what positives withhold equals what negatives give:</p>
<p class="law">$λ_1 N_1 s_1 = λ_0 N_0 P_0$, so $s_1 / P_0 = {λ_0 N_0}/{λ_1 N_1}$</p>
<p>$s_1$ is how much probability positives lack on average, $P_0$ how much negatives have. Overlap sets how large both are,
sizes and weights alone their ratio. Drag the class centres: the ratio stays. Without a penalty the residual-weighted centroids of both classes
(full and open diamond) coincide.</p>`,
      controls: {
        n0: 'Negatives N₀', n1: 'Positives N₁', w: 'Weight of a positive λ₁ (λ₀ = 1)', penalty: 'Penalty on coefficients (l2)',
      },
      pictures: {
        plane: 'Samples, decision line, residual-weighted centroids',
        apart: 'Samples, and a line that separates them (dashed)',
        errors: 'The two mean errors, and where the law puts the first',
        ledger: 'The ledger: what positives withhold, negatives give',
      },
      rows: { s1: 'positives s₁', p0: 'negatives P₀', meanError: 'mean error' },
      and: ' and λ₀N₀ / λ₁N₁ = ',
      centroids: 'Centroids apart, relative to the spread: ',
      centroidsPenalised: 'Centroids apart beyond what the penalty explains, relative to the spread: ',
      recall: 'recall of positives ',
      accuracy: ', accuracy ',
      says: (x, y) => `Two classes in the plane; the residual-weighted centroid of the negatives lies at ${x}, ${y}`,
      presets: {
        start: ['1 : 10', 'Ten times as many negatives: positives carry ten times the mean error, whatever the overlap (B2).'],
        balanced: ['Inverse frequency', 'λ₁ = N₀ / N₁: the two mean errors are equal (B3). Both are now about as large as overlap makes them.'],
        overlap: ['Much overlap', 'Nearer classes: both errors grow, to 0.86 and 0.086, and their ratio is still ten.'],
        heavy: ['Too much weight', 'λ₁ = 100: now negatives carry ten times the error of positives.'],
        apart: ['Apart', 'A line separates the classes: no finite minimiser exists, and the solver says so instead of returning huge coefficients.'],
        penalised: ['Apart, penalised', 'The same classes with a penalty: an answer exists again, and the law holds for it, since the intercept is not penalised.'],
      },
      quiz: [
        ['400 negatives, 40 positives, no weights. How many times the mean error of negatives is that of positives, s₁ / P₀?', {}, 'error_ratio'],
        ['The same with a weight of 10 on each positive?', { w: 10 }, 'error_ratio'],
        ['The classes are dragged together until they nearly coincide. And now, without weights?', { c0: [-0.1, 0], c1: [0.1, 0] }, 'error_ratio'],
      ],
    },
    threeClasses: {
      name: 'Three classes',
      claim: `<p>Softmax balances every class too, outflow equals inflow (B5), but with three classes that leaves much open:</p>
<p class="law">$u_k ≤ Σ_{j≠k} u_j$ is all that weights enforce on the outflows (I3)</p>
<p>Their shares fill the shaded triangle. Same sizes and same weights may end anywhere in it: that is decided by which classes overlap.
The effect of a weight on its own class is mostly positive; on others it may have either sign.</p>`,
      controls: {
        data: 'Data', drawn: 'In the plane', built: 'Built for a place in the triangle', weights: 'Weights', balanced: 'Inverse frequency', byHand: 'By hand',
        weight: (k) => `Weight of class ${k}`, size: (k) => `Samples of class ${k}`, penalty: 'Penalty on coefficients (l2)',
      },
      pictures: {
        plane: 'Samples and regions',
        groups: 'Samples of each class, in groups that share their features',
        triangle: 'Whose probability is withheld: shares in all outflow',
        matrix: 'Mean probabilities P[c][k]',
        effects: 'Effect of each weight: dP[k][k] / d log λ',
        ledger: 'The ledger: outflow equals inflow in every class',
      },
      hints: { plane: '; drag the class centres' },
      presets: {
        start: ['Start', 'Inverse-frequency weights make rows and columns of P sum to one (I2), which bounds no diagonal entry. Drag a centre and watch the triangle.'],
        one: ['0 and 1 share it', 'Same sizes, same weights, three outcomes (1/3): built so that classes 0 and 1 overlap. Class 2 keeps almost all its probability.'],
        two: ['0 and 2 share it', 'Same sizes, same weights, three outcomes (2/3): now classes 0 and 2 overlap and class 1 lies apart.'],
        three: ['1 and 2 share it', 'Same sizes, same weights, three outcomes (3/3): the weights cannot say whose probability is withheld. Drag the dashed ring to any place.'],
        rival: ['Helping a rival', 'More weight on class 2 (bottom row) raises class 0 as well: both gain when their common rival, class 1, gives way. Found by search; rare in random data.'],
      },
      quiz: [
        ['Three classes of unequal size under inverse-frequency weights. What is the largest relative difference of outflow and inflow in a class?', {}, 'residual'],
      ],
    },
    averaging: {
      name: 'Averaging',
      claim: `<p>One-vs-all logistic loss (LGL, “logistic”) bounds only the average over the other classes:</p>
<p class="law">$N_k s_k = (N − N_k) P̄_k$ (A1)</p>
<p>A rare class that looks like the target (ringed) may have a high probability of it while easy classes keep the average (dashed) low.
LGL-INR (“reweighted”) weights the others by how hard they are, so that for large β the hardest itself is bounded:
$max P ≤ s_k + {log(K − 1)}/{β}$ (R3, detached). SML is the softmax loss.</p>`,
      controls: {
        design: 'Easy classes lie', room: 'Each in its own direction', ring: 'On a ring around the target', easy: 'Easy classes', hard: 'Samples of the hard class',
        distance: 'Distance of the hard class', radius: 'Radius of the ring', beta: 'Sharpness β of LGL-INR',
      },
      pictures: {
        columns: 'Probability of the target among the others: hardest (ringed) and average over samples (dashed)',
        recall: 'Recall of the hard class', recallTarget: 'Recall of the target', shortfall: 'What the target itself lacks, s₀',
        regions: (name) => `Regions of ${name}`,
      },
      units: { recall: 'recall', withheld: 'mean probability withheld' },
      hardest: ': hardest ',
      average: ', average ',
      presets: {
        start: ['Start', 'The hard class has 20 samples two standard deviations away, three easy classes 200 each: LGL’s average is low, its hardest high.'],
        easy: ['More easy classes', 'Softmax’s average falls from 0.0201 to 0.00804 while its hardest hardly falls, from 0.572 to 0.518 (A3). LGL’s column gives half of the target up instead (s₀), and its hardest falls with it.'],
        zero: ['β = 0', 'LGL-INR without sharpness: a plain mean over classes. The gain in recall is there already; it comes from counting classes, not samples.'],
        sharp: ['β = 20', 'Sharper: the ringed dot of LGL-INR comes down to 0.277, below its bound s₀ + log(4) / 20 = 0.33. Softmax’s dot, and its recall of the hard class, lie between those of LGL and LGL-INR.'],
        ring: ['No room', 'A target inside a ring (A4): one column cannot fence it in. Its shortfall is 0.889 under LGL, 0.198 under softmax.'],
        ringSharp: ['No room, β = 20', 'The repair has a limit (R4): without room large β drives target and others to one half.'],
      },
      quiz: [
        ['Logistic loss, a hard class of 20 beside a target of 200, three easy classes of 200. What is the mean probability of the target in the hard class?', {}, 'hardest-0'],
        ['And on average over all the others?', {}, 'pooled-0'],
      ],
    },
    batches: {
      name: 'Batches',
      claim: `<p>Reweighted logistic loss (LGL-INR) averages over the samples of each class <em>in the batch</em>. In small batches that is another loss:</p>
<p class="law">LGL-INR in batches of $B$ = logistic loss with pair weights that depend on $B$ (M1, M2; β = 0)</p>
<p>At $B$ = 1 it is plain logistic loss (LGL); at $B$ = $N$ it is what the formula says, and its balance (R1) holds. In between R1 is off, though
the head is at a minimum of its own loss. Softmax with inverse-frequency weights does not change with batches (M3).</p>`,
      controls: { batch: 'Samples in a batch B', common: 'Samples of each common class', rare: 'Samples of the rare class', radius: 'Radius of the ring of classes' },
      rare: 'rare class',
      pictures: {
        recall: 'Recall of the rare class on fresh samples',
        residual: 'How far R1, the balance over all samples, is off',
        regions: (name) => `Regions of ${name}`,
      },
      inBatches: (batch) => `LGL-INR, B = ${batch}`,
      balanced: 'softmax, balanced',
      units: { recall: 'recall, fresh samples', residual: 'relative difference of both sides' },
      own: 'Balance of its own loss off by ',
      presets: {
        start: ['B = 8', 'Batches of eight from 906 samples: the rare class (6 samples) is in few batches, and the loss hardly counts it.'],
        one: ['B = 1', 'One sample at a time: exactly plain logistic loss, whatever the formula promises.'],
        many: ['B = 128', 'Batches of 128 hold a sample of the rare class more often than not. Its recall is 0.533; with all samples in one batch it is 0.633.'],
        whole: ['B = N', 'One batch of all samples: R1 holds to rounding.'],
      },
      quiz: [
        ['Batches of one sample. What is the recall of the rare class (6 of 906 samples) under LGL-INR?', { batch: 1 }, 'recall-0'],
        ['One batch of all samples. And now?', { batch: 906 }, 'recall-0'],
      ],
    },
    separable: {
      name: 'Separable',
      claim: `<p>Where a line separates the classes, the loss alone has no minimum; a penalty chooses one. As it vanishes, the line tends to that of the widest margin:</p>
<p class="law">as $l2 → 0$ all class weights lead to the same line (S1, S3)</p>
<p>Three heads differ in nothing but the weight of a positive: 1, inverse frequency, 100. Lower the penalty and their lines coincide. Where the
classes overlap, weights matter at any penalty: drag them into each other.</p>`,
      controls: { penalty: 'Penalty l2', n0: 'Negatives', n1: 'Positives' },
      pictures: {
        plane: 'Decision lines of three weights',
        recall: 'Recall of positives on fresh samples',
        shortfall: 'What positives lack, s₁',
      },
      hints: { plane: '; drag the class centres' },
      weights: { none: 'weight 1', balanced: 'inverse frequency', heavy: 'weight 100' },
      units: { recall: 'recall, fresh samples', shortfall: 'mean probability withheld' },
      spread: 'Recalls of the three weights differ by ',
      presets: {
        start: ['l2 = 0.01', 'With this penalty weights still move the line, and recall with it.'],
        small: ['l2 = 10⁻⁶', 'A smaller penalty: the three lines draw together.'],
        tiny: ['l2 = 10⁻¹²', 'Hardly any penalty: one line for all three weights. Shortfalls still differ, but by scale alone: a weight changes how sure the head is, not what it says.'],
        overlap: ['Overlap', 'The same penalty, but the classes overlap: weights matter again.'],
      },
      quiz: [
        ['Separable classes and l2 = 10⁻¹². By how much do the recalls under weights 1 and 100 differ on fresh samples?', { penalty: 1e-12 }, 'spread'],
        ['Overlapping classes, the same penalty. And now?', { penalty: 1e-12, c0: [-0.8, 0], c1: [0.8, 0] }, 'spread'],
      ],
    },
    heldOut: {
      name: 'Held out',
      claim: `<p>The balance is a law of the training samples. On fresh ones it holds up to chance, and up to a bias from fitting each sample by itself:</p>
<p class="law">$D_k = Σ_c m_c P[c][k] − m_k$ is zero in training; on fresh samples its mean is the bias (T1, T2)</p>
<p>The bar is a 95% interval by chance; the upright mark is the bias that leave-one-out steps predict from the training samples alone. Draw again and again: with few
features zero lies in the interval, with many the interval moves to the mark.</p>`,
      controls: { features: 'Features d', n1: 'Positives (beside 300 negatives)', weights: 'Weights', none: 'None', balanced: 'Inverse frequency', penalty: 'Penalty l2', seed: 'Draw number' },
      pictures: {
        balance: 'D of the positives: in training, and on as many fresh samples',
        training: 'P[c][k] in training',
        fresh: 'P[c][k] on fresh samples',
      },
      rows: { training: 'training', fresh: 'fresh samples', unit: 'D₁, weighted samples' },
      reads: ['D on fresh samples ', ', predicted bias ', ', deviation by chance '],
      presets: {
        start: ['Few features', 'Two features, 120 positives: what is off on fresh samples is chance, and of draws 1 to 100 the interval holds zero in 92. Try others.'],
        many: ['Many features', '40 features and 30 positives: the head has learned its samples by heart. Fresh positives withhold more than training says, as the mark predicts.'],
        penalised: ['With a penalty', 'A larger penalty fits single samples less: the mark moves towards zero.'],
      },
      quiz: [
        ['Two features. What is D of the positives over the training samples?', {}, 'training-balance'],
      ],
    },
    notConverged: {
      name: 'Not converged',
      claim: `<p>The laws hold where the gradient is zero, not where the loss has stopped changing.</p>
<p class="law">stationary: every class’s outflow equals its inflow</p>
<p>Step gradient descent (with a line search) by hand. Near the minimum the loss is off by the square of what the ledger is off by:
when nobody sees the loss change any more, the balance is still off by a percent. Newton’s method, by which this page solves everything else, ends at rounding.</p>`,
      controls: {
        steps: 'Steps of gradient descent', n0: 'Negatives', n1: 'Positives', byHand: 'Step by hand', back: 'one back', one: 'one step', ten: 'ten', hundred: 'a hundred',
      },
      pictures: {
        loss: 'Loss above its minimum, relative', balance: 'How far the balance is off', ledger: 'The ledger at this step',
        plane: 'Decision line at this step, and at the minimum (dashed)',
      },
      axes: { step: 'step', excess: 'relative excess', residual: 'relative residual' },
      descent: 'gradient descent',
      newton: 'Newton',
      reads: ['Step ', ': loss ', 'at the minimum ', 'Balance off by '],
      presets: {
        start: ['Ten steps', 'Ten steps: the loss is half as large again as it will be, and one class gives nearly twice what it takes.'],
        done: ['It looks done', 'The loss is within three ten-thousandths of its minimum and the lines all but coincide; the ledger is off by a percent.'],
        thousand: ['A thousand', 'The loss is right to ten digits, the balance to five: half as many, at every step of the way.'],
      },
      quiz: [
        ['After 300 steps the loss is within three ten-thousandths of its minimum. By how much is the balance off, relative?', { steps: 300 }, 'balance'],
      ],
    },
    digits: {
      name: 'Real digits',
      claim: `<p>The laws ask nothing of the data. Here the features are 8 × 8 pixels of handwritten digits:</p>
<p class="law">outflow of every digit = its inflow, to rounding</p>
<p>Thin one digit out and see its mean probability fall; weight by inverse frequency and see the rows and columns of P sum to one.
Choose an entry of the matrix to look at the images behind it.</p>`,
      controls: {
        digits: 'Digits', count: 'Images of each', thin: 'Digit that is thinned out', none: 'none', left: 'Images left of it', loss: 'Loss', inr: 'LGL-INR, β = 5',
        weights: 'Weights', noWeights: 'None', balanced: 'Inverse frequency', penalty: 'Penalty on coefficients (l2)',
      },
      pictures: { matrix: 'Mean probabilities P[c][k]', ledger: 'The ledger: outflow equals inflow', images: 'Images' },
      hints: { matrix: '; choose an entry to see its images' },
      surest: (digit) => `Images of ${digit} that are most surely a ${digit}, with that probability`,
      like: (digit, other) => `Images of ${digit} that look most like a ${other} to the head, with that probability`,
      presets: {
        start: ['Few eights', 'Fifteen eights among 3s and 9s: their mean probability of being an 8 falls behind. The images shown are the 8s that look most like a 3.'],
        weighted: ['Weighted', 'Inverse-frequency weights: rows and columns of P sum to one (I2); the diagonal is still uneven.'],
        all: ['All ten', 'All digits, 100 images each and 15 of the 8: the column of 8 is pale, and its ledger balances all the same.'],
        against: ['One against all', 'The same with one-vs-all logistic loss (LGL): columns balance, but rows of P need no longer sum to one.'],
      },
      quiz: [
        ['15 eights among 150 threes and 150 nines, softmax. What is the largest relative difference of outflow and inflow of a digit?', {}, 'residual'],
      ],
    },
    losses: {
      name: 'Losses',
      claim: `<p>Every loss has a gradient with respect to each logit of a sample. Where the gradient of the whole loss is zero, these cancel on each logit:
the law of its balance follows from the slope alone.</p>
<p class="law">$Σ_i {∂ℓ_i}/{∂z_i^k} = 0$ for every class $k$</p>
<p>The sample is of one of three classes of 100, 30 and 10 samples; all its logits are zero but the one that moves.
LGL-INR weights whole classes against each other, which one sample cannot show.</p>`,
      controls: {
        shown: (most) => `Losses (up to ${most})`, class: 'Class of the sample (of 100, 30 and 10)', moved: 'Logit that moves', own: 'Its own', other: 'Of another class',
      },
      pictures: {
        value: 'Loss of one sample', gradient: 'Its slope: below zero descent raises the logit, above zero it lowers it', legend: 'Losses and their laws',
      },
      axes: { logit: 'logit z, the others zero', loss: 'loss ℓ', slope: '∂ℓ/∂z' },
      heads: ['Loss', 'What it is', 'Of one sample', 'Law where the gradient is zero'],
      withoutValue: (names) => `No curve for ${names}: its weights count as constants in the gradient, which is that of no loss.`,
      presets: {
        start: ['Start', 'Focal loss lets go of what is correctly classified: its slope vanishes sooner than softmax’s.'],
        shifted: ['Shifted', 'Losses that shift the logit by how rare its class is: the same curve, further to the right. Vector scaling also scales the logit, so that its curve is flatter.'],
        rival: ['On a rival', 'How a frequent class lowers the logit of a rare one: equalization and seesaw loss hold back.'],
        smoothing: ['Smoothing', 'Beyond the target of a smoothed label the slope changes sign, and the loss has a lowest point.'],
      },
    },
    ownData: {
      name: 'Your data',
      claim: `<p>Drop a CSV file here. It is read and solved in this page and goes nowhere else.</p>
<p class="law">outflow = inflow for every class of your own table</p>
<p>Solve a loss on it, find the class weights that make shortfalls or recalls equal, or audit the scores of a model that you have trained: columns of logits or
probabilities beside the labels.</p>`,
      limits: 'Up to 4 MB, 20,000 rows, 64 features (text columns become columns of 0 and 1), 12 classes, and 2,000,000 for the product of rows, features and classes. More: equipoise solve, weights, audit.',
      drop: 'Drop a CSV file here, or choose one:',
      pick: 'Choose a file',
      example: 'Or take a real table: laboratory tests of 215 patients, three states of the thyroid (D. Coomans, UCI, CC BY 4.0)',
      tooLarge: (name, bytes) => `${name} has ${bytes} bytes; the page takes at most 4,000,000 (equipoise solve takes more).`,
      notText: (name) => `${name} is not text in UTF-8. Save it as CSV in UTF-8, not packed; equipoise solve reads other files.`,
      waiting: 'No table yet.',
      invitation: 'Drop a CSV file anywhere on this page, or take the real table.',
      controls: {
        label: 'Column of labels', ask: 'What to ask', solve: 'Solve', weights: 'Find weights', audit: 'Audit scores', loss: 'Loss',
        classWeights: 'Weights', none: 'None', balanced: 'Inverse frequency', penalty: 'Penalty l2', standardize: 'Features', standard: 'Standardized', plain: 'As they are',
        missing: 'Missing values', refuse: 'Refuse', drop: 'Drop rows', indicator: 'Add an indicator',
        target: 'To be equal', shortfalls: 'Shortfalls', recalls: 'Recalls', scores: 'Scores are', logits: 'Logits', probabilities: 'Probabilities',
        features: 'Use', all: 'All features', two: 'Two, to see regions', x: 'Across', y: 'Up',
      },
      pictures: { matrix: 'Mean probabilities P[c][k]', ledger: 'The ledger: outflow equals inflow', plane: 'Samples and regions', report: 'In words' },
      classes: 'Class by class',
      heads: { class: 'class', samples: 'samples', weight: 'weight', shortfall: 'shortfall', before: 'shortfall before', recall: 'recall', recallBefore: 'recall before' },
      separable: 'Separable: no finite minimiser exists; ',
      failed: 'Not converged: ',
      unattainable: 'No such weights: ',
      accuracy: 'Accuracy ',
      recallSteps: 'Recalls change in steps of a sample: they count as equal when they are equal to within one sample of each class.',
      presets: { start: ['Solve', 'Balance, mean probabilities and accuracy of a head that is solved until the gradient is zero.'], weights: ['Find weights', 'Class weights under which every class lacks the same mean probability.'], audit: ['Audit', 'Had the training converged that left these scores? Which class is worst?'] },
    },
  },
};
