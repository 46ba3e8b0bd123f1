#!/usr/bin/env bash
# The searches of docs/results.md: bash scripts/results.sh fashion|reviews|boston|noise
# Each takes less than 20 minutes on 2 cores, then opens the test rows.
set -euo pipefail
tunefold="${TUNEFOLD:-$(dirname "$0")/../.venv/bin/tunefold}"

# what a search did without being asked when these were measured
as_measured=(--sampler tpe --pruner none)

fashion() {
    local narrowed=() setting
    for setting in n_layers=2..3 width_{1,2,3}=256..512 activation=relu,gelu \
        optimizer=adam learning_rate=0.0003..0.003 batch_size=128,256 \
        batch_norm=true schedule=cosine averaging=none,ema mix=none,mixup \
        augment_shift=0.02..0.08 early_stopping=off l1=off l2=off \
        use_{drop_connect,gaussian_noise,prune_share}=off weight_norm=false \
        use_augment_{rotation,zoom,brightness,contrast,noise}=off \
        constraint=none resample=none class_weights=false input_norm=standard; do
        narrowed+=(--set "$setting")
    done
    "$tunefold" search fashion_mnist --space cocktail --cv monte-carlo:2:0.2 \
        "${as_measured[@]}" --minutes 17 --epochs 25 "${narrowed[@]}" --name results-fashion
    "$tunefold" rerun results-fashion
}

reviews() {
    "$tunefold" search imdb --cv kfold:3 "${as_measured[@]}" --minutes 10 --epochs 10 --set ngrams=2 \
        --set n_words=10000..20000 --set n_layers=1 --set width_1=8..32 \
        --set optimizer=adam --name results-reviews
    "$tunefold" rerun results-reviews
}

boston() {
    local folds=(--cv repeated:2:5 --epochs 100 "${as_measured[@]}") fixed=() setting
    for setting in n_layers=2 width_{1,2}=64 activation=relu optimizer=adam \
        learning_rate=0.001 batch_size=16 dropout=0 l1=off l2=off batch_norm=false; do
        fixed+=(--set "$setting")
    done
    "$tunefold" search boston_housing "${folds[@]}" --trials 30 --name results-boston
    "$tunefold" search boston_housing "${folds[@]}" --trials 1 "${fixed[@]}" \
        --name results-boston-fixed
    "$tunefold" compare results-boston results-boston-fixed
    "$tunefold" rerun results-boston
}

noise() {
    local data
    for data in fashion_mnist fashion_mnist_noise fashion_mnist_zeros; do
        "$tunefold" search "$data" --engine random --trials 4 --rows 10000 \
            --cv repeated:2:5 --pruner none --name "results-$data"
    done
    "$tunefold" compare results-fashion_mnist results-fashion_mnist_noise \
        results-fashion_mnist_zeros --all-trials
}

case "${1:-}" in
fashion | reviews | boston | noise) "$1" ;;
*) echo "usage: bash scripts/results.sh fashion|reviews|boston|noise" >&2 && exit 2 ;;
esac
